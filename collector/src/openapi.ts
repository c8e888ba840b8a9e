/** The OpenAPI 3.1 description of all routes, made from the schemas that the collector judges by. */

import {
  BATCH_PATH,
  EVENT_TYPES,
  type EventType,
  IMPORT_PATH,
  MAX_BATCH_BYTES,
  MAX_BATCH_EVENTS,
  MAX_EVENT_BYTES,
} from '@millrace/schemas'
import { describeLake } from './openapi-lake.ts'
import { describeLive } from './openapi-live.ts'
import { describeOperatorPaths, METRICS_TOKEN_SCHEMES } from './openapi-operator.ts'
import {
  errorAnswers,
  imageAnswers,
  inPath,
  inQuery,
  type Json,
  json,
  nameOf,
  RETRY_AFTER,
  ref,
  refTo,
  SECRET_KEY,
} from './openapi-parts.ts'
import { describeQuestions, READ_TOKEN, READ_TOKEN_SCHEMES } from './openapi-questions.ts'
import { describeQueryFields, describeSchemas } from './openapi-schemas.ts'

/** The places of a write key beside a body. */
const WRITE_KEY = [{ writeKeyBasic: [] }, { writeKeyBearer: [] }, { writeKeyQuery: [] }]

/** Where a body or `data` may have the key as well. */
const WRITE_KEY_OR_BODY = [...WRITE_KEY, {}]

/** Builds the description. */
export function describeApi(): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Millrace collector',
      version: '1',
      description:
        'The Segment HTTP Tracking API and a query API. The former with an answer for each event that was not plainly accepted. A body is read ' +
        'whatever its Content-Type; gzip and deflate are inflated. A 2xx answer means that every event of the request is ' +
        `durable. Limits: ${MAX_EVENT_BYTES} bytes an event, ${MAX_BATCH_BYTES} bytes and ${MAX_BATCH_EVENTS} events a batch.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The collector that serves this description' }],
    security: WRITE_KEY_OR_BODY,
    paths: describePaths(),
    components: {
      securitySchemes: describeKeys(),
      schemas: describeSchemas(),
      responses: describeResponses(),
    },
  }
}

function describeKeys(): Json {
  const basic = { type: 'http', scheme: 'basic' }
  const bearer = { type: 'http', scheme: 'bearer' }
  const inHeader = 'The secret key of the source'
  return {
    writeKeyBasic: { ...basic, description: 'A write key as user name; the password is empty' },
    writeKeyBearer: { ...bearer, description: 'A write key' },
    writeKeyQuery: {
      type: 'apiKey',
      in: 'query',
      name: 'writeKey',
      description: 'A write key. A secret key here, or in a body, is refused',
    },
    secretKeyBasic: { ...basic, description: `${inHeader} as user name; the password is empty` },
    secretKeyBearer: { ...bearer, description: inHeader },
    ...READ_TOKEN_SCHEMES,
    ...METRICS_TOKEN_SCHEMES,
  }
}

function describePaths(): Json {
  const batch = { post: postEvents('Events of the recent past, in one batch', ref('Batch')) }
  const singles = EVENT_TYPES.flatMap((type) => {
    const operation = { post: postEvents(`One ${type} event`, ref(nameOf(type, true))) }
    return [
      [`/v1/${type}`, operation],
      [`/v1/${type[0]}`, operation],
    ]
  })
  return {
    [BATCH_PATH]: batch,
    '/v1/b': batch,
    '/beacon/v1/batch': { post: postEvents('A batch as RudderStack’s SDKs send it by beacon', ref('Batch')) },
    ...Object.fromEntries(singles),
    [IMPORT_PATH]: { post: postSecret('History: any event time', ref('ImportBatch'), 'Taken') },
    '/v1/replay': {
      post: postSecret('Quarantined events, judged again; at most 1 MiB', ref('Replay'), 'Replayed'),
    },
    '/v1/lookups/{name}': { put: describePutLookup() },
    ...describeOperatorPaths(),
    ...describeQuestions(),
    ...describeLake(READ_TOKEN),
    ...describeLive(READ_TOKEN),
    '/v1/m': { post: describeCounters() },
    ...describeBoots(''),
    ...describeBoots('/{prefix}'),
    ...describePixels(),
    '/health': { get: describeOpen('Whether the Worker answers', json('It does', HEALTH)) },
    '/openapi.json': {
      get: describeOpen('This description', json('OpenAPI 3.1', { type: 'object', required: ['openapi'] })),
    },
  }
}

const HEALTH = { type: 'object', required: ['status'], properties: { status: { const: 'ok' } } }

function postEvents(summary: string, schema: Json): Json {
  return {
    summary,
    requestBody: bodyOf(schema),
    responses: {
      200: refTo('responses', 'Taken'),
      ...errorAnswers([400, 401, 403, 405, 413, 415, 429, 500, 503]),
    },
  }
}

/** Requests with a secret key are not counted, so there is no 429. */
function postSecret(summary: string, schema: Json, taken: 'Taken' | 'Replayed'): Json {
  return {
    summary: `${summary}. Needs the secret key`,
    security: SECRET_KEY,
    requestBody: bodyOf(schema),
    responses: {
      200: refTo('responses', taken),
      ...errorAnswers([400, 401, 403, 405, 413, 415, 500, 503]),
    },
  }
}

/** Browsers send `text/plain` to avoid a preflight. */
function bodyOf(schema: Json): Json {
  return { required: true, content: { 'application/json': { schema }, 'text/plain': { schema } } }
}

function describePutLookup(): Json {
  return {
    summary: 'Replaces a lookup table of the source. Needs the secret key',
    security: SECRET_KEY,
    parameters: [
      inPath('name', 'Of the table: 1 to 64 of a-z, 0-9, "-", "_"'),
      inQuery('source', 'Name of the source that the key must belong to'),
    ],
    requestBody: { required: true, content: { 'application/json': { schema: ref('Lookup') } } },
    responses: {
      200: json('Stored', ref('LookupAnswer')),
      ...errorAnswers([400, 401, 403, 405, 413, 415, 500, 503]),
    },
  }
}

function describeCounters(): Json {
  const done = { type: 'object', required: ['success'], properties: { success: { const: true } } }
  return {
    summary: 'Counters of analytics.js about itself: accepted and discarded unread',
    security: [],
    responses: { 200: json('Discarded', done), ...errorAnswers([405]) },
  }
}

function describeOpen(summary: string, answer: Json): Json {
  return { summary, security: [], responses: { 200: answer, ...errorAnswers([405]) } }
}

/** What SDKs boot with; also below one path segment of any name, as they are given the address of a CDN. */
function describeBoots(prefix: string): Json {
  const prefixes = prefix === '' ? [] : [inPath('prefix', 'Anything')]
  const errors = errorAnswers([401, 404, 405, 500])
  return {
    [`${prefix}/v1/projects/{writeKey}/settings`]: {
      get: {
        summary: 'What analytics.js boots with',
        security: [],
        parameters: [...prefixes, inPath('writeKey', 'A write key, never the secret key')],
        responses: { 200: json('Settings', ref('SegmentSettings')), ...errors },
      },
    },
    [`${prefix}/sourceConfig`]: {
      get: {
        summary: 'What RudderStack’s SDKs boot with',
        security: WRITE_KEY,
        ...(prefixes.length === 0 ? {} : { parameters: prefixes }),
        responses: { 200: json('Configuration', ref('RudderSourceConfig')), ...errors },
      },
    },
  }
}

function describePixels(): Json {
  const ofRudder = (['track', 'page'] as const).map((type) => [
    `/pixel/v1/${type}`,
    {
      get: {
        summary: `One ${type} event as an image; each query parameter is a field, dots make paths`,
        security: WRITE_KEY,
        parameters: [describeFields(type, true)],
        responses: { ...imageAnswers([401, 403, 429, 500, 503]), ...errorAnswers([405]) },
      },
    },
  ])
  const ofSegment = EVENT_TYPES.map((type) => [
    `/v1/pixel/${type}`,
    {
      get: {
        summary: `One ${type} event as an image; it is in \`data\`, or else in the query`,
        parameters: [
          inQuery('data', 'Base64 or base64url of its JSON', dataOf(type)),
          describeFields(type, false),
        ],
        responses: { ...imageAnswers([400, 401, 403, 429, 500, 503]), ...errorAnswers([405]) },
      },
    },
  ])
  return Object.fromEntries([...ofRudder, ...ofSegment])
}

function dataOf(type: EventType): Json {
  return {
    type: 'string',
    contentEncoding: 'base64',
    contentMediaType: 'application/json',
    contentSchema: ref(nameOf(type, true)),
  }
}

/** One parameter that stands for many: its properties are parameters of their own. */
function describeFields(type: EventType, isAlone: boolean): Json {
  const schema = describeQueryFields(type, isAlone)
  return {
    name: 'fields',
    in: 'query',
    required: 'required' in schema,
    style: 'form',
    explode: true,
    description: 'The fields of the event, for example userId=u1&properties.price=9',
    schema,
  }
}

function describeResponses(): Json {
  const receipts = { type: 'array', items: ref('Receipt') }
  const taken = { type: 'object', required: ['success'], properties: { success: { const: true }, receipts } }
  const replayed = {
    type: 'object',
    required: ['success', 'accepted', 'receipts'],
    properties: { ...taken.properties, accepted: { type: 'integer' } },
  }
  const allow = { Allow: { schema: { type: 'string' }, description: 'The methods that it takes' } }
  return {
    Taken: json('Every event is durable; receipts for those that were not plainly accepted', taken),
    Replayed: json('What is good now is stored; receipts for the others', replayed),
    Error: json('Refused whole; nothing of it was stored', ref('Error')),
    NotAllowed: json('Any other method at this path', ref('Error'), allow),
    Later: json('Not now; nothing of it was stored', ref('Error'), RETRY_AFTER),
    Fault: json('A fault on our side; send the same again', ref('Error')),
  }
}
