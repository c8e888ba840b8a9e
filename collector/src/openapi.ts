/** The OpenAPI 3.1 description of all routes, made from the schemas that the collector judges by. */

import {
  BATCH_PATH,
  ERROR_CODES,
  EVENT_SCHEMAS,
  EVENT_TYPES,
  IMPORT_PATH,
  MAX_BATCH_BYTES,
  MAX_BATCH_EVENTS,
  MAX_EVENT_BYTES,
  REASONS,
} from '@millrace/schemas'
import { z } from 'zod'
import { ReplayBodySchema } from './routes/replay.ts'

type Json = Record<string, unknown>

/** The only places of a secret key. */
const IN_HEADER = [{ basic: [] }, { bearer: [] }]

/** Builds the description. */
export function describeApi(): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Millrace collector',
      version: '1',
      description:
        'The Segment HTTP Tracking API, with an answer for each event that was not plainly accepted. A body is read ' +
        'whatever its Content-Type; gzip and deflate are inflated. A 2xx answer means that every event of the request is ' +
        `durable. Limits: ${MAX_EVENT_BYTES} bytes an event, ${MAX_BATCH_BYTES} bytes and ${MAX_BATCH_EVENTS} events a batch.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [...IN_HEADER, { query: [] }, {}],
    paths: describePaths(),
    components: {
      securitySchemes: {
        basic: { type: 'http', scheme: 'basic', description: 'The key as user name; the password is empty.' },
        bearer: { type: 'http', scheme: 'bearer' },
        query: {
          type: 'apiKey',
          in: 'query',
          name: 'writeKey',
          description: 'A write key. A secret key here, or in a body, is refused',
        },
      },
      schemas: describeSchemas(),
      responses: describeResponses(),
    },
  }
}

function describePaths(): Json {
  const batch = post('Events of the recent past, in one batch', ref('Batch'), 'Taken')
  const singles = EVENT_TYPES.flatMap((type) => {
    const operation = post(`One ${type} event`, { ...ref(nameOf(type)) }, 'Taken')
    return [
      [`/v1/${type}`, operation],
      [`/v1/${type[0]}`, operation],
    ]
  })
  return {
    [BATCH_PATH]: batch,
    '/v1/b': batch,
    '/beacon/v1/batch': post('A batch as RudderStack’s SDKs send it by beacon', ref('Batch'), 'Taken'),
    [IMPORT_PATH]: postSecret('History: any event time. Needs the secret key', ref('Batch'), 'Taken'),
    ...Object.fromEntries(singles),
    '/v1/m': post('Counters of analytics.js about itself: accepted and discarded', {}, 'Taken'),
    '/v1/replay': postSecret(
      'Quarantined events, judged again; at most 1 MiB. Needs the secret key',
      ref('Replay'),
      'Replayed',
    ),
    '/v1/lookups/{name}': { put: describePutLookup() },
    '/v1/projects/{writeKey}/settings': {
      get: get(
        'What analytics.js boots with; also below one path segment of any name',
        [inPath('writeKey')],
        [401, 404],
      ),
    },
    '/sourceConfig': {
      get: get('What RudderStack’s SDKs boot with', [inQuery('writeKey', true)], [401, 404]),
    },
    '/pixel/v1/{type}': {
      get: describePixel(['track', 'page'], 'A query parameter is a field of the event; dots make paths'),
    },
    '/v1/pixel/{type}': { get: describePixel(EVENT_TYPES, 'The event is in `data`: base64 of its JSON') },
    '/health': { get: { ...get('Whether the Worker answers', []), security: [] } },
    '/openapi.json': { get: { ...get('This description', []), security: [] } },
  }
}

function postSecret(summary: string, schema: Json, taken: string): Json {
  const { post: operation } = post(summary, schema, taken)
  return { post: { ...operation, security: IN_HEADER } }
}

function post(summary: string, schema: Json, taken: string): { post: Json } {
  return {
    post: {
      summary,
      requestBody: { required: true, content: { 'application/json': { schema }, 'text/plain': { schema } } },
      responses: { 200: refTo('responses', taken), ...errorResponses([400, 401, 403, 413, 415, 429, 503]) },
    },
  }
}

function get(summary: string, parameters: Json[], statuses: readonly number[] = [404]): Json {
  const ok = { description: 'A JSON object', content: { 'application/json': { schema: { type: 'object' } } } }
  return { summary, parameters, responses: { 200: ok, ...errorResponses(statuses) } }
}

function describePutLookup(): Json {
  const answer = z.object({ success: z.literal(true), name: z.string(), rows: z.int(), version: z.string() })
  return {
    summary: 'Replaces a lookup table of the source. Needs the secret key',
    security: IN_HEADER,
    parameters: [inPath('name')],
    requestBody: { required: true, content: { 'application/json': { schema: ref('Lookup') } } },
    responses: {
      200: { description: 'Stored', content: { 'application/json': { schema: schemaOf(answer) } } },
      ...errorResponses([400, 401, 403, 413, 503]),
    },
  }
}

function describePixel(types: readonly string[], summary: string): Json {
  const gif = { description: 'A GIF of one pixel', content: { 'image/gif': {} } }
  return {
    summary,
    parameters: [
      { ...inPath('type'), schema: { enum: [...types] } },
      inQuery('writeKey', false),
      inQuery('data', false),
    ],
    responses: { 200: gif, '4XX': { ...gif, description: 'The same GIF; X-Millrace-Error has the code' } },
  }
}

function describeSchemas(): Json {
  const events = EVENT_TYPES.map((type) => [nameOf(type), schemaOf(EVENT_SCHEMAS[type])])
  return {
    ...Object.fromEntries(events),
    Batch: {
      type: 'object',
      required: ['batch'],
      properties: {
        batch: {
          type: 'array',
          maxItems: MAX_BATCH_EVENTS,
          items: { anyOf: EVENT_TYPES.map((type) => ref(nameOf(type))) },
        },
        writeKey: { type: 'string', description: 'A write key, never the secret key' },
        source: { type: 'string', description: 'Name of the source that the key must belong to' },
        sentAt: { type: 'string', format: 'date-time', description: 'Client’s clock at this attempt' },
        batchId: { type: 'string' },
        stream: { type: 'string', description: 'One page load or process lifetime' },
        firstSeq: { type: 'integer', minimum: 1, description: 'Number of the first event in its stream' },
        previous: {
          type: 'object',
          properties: { stream: { type: 'string' }, lastSeq: { type: 'integer' } },
          description: 'Where the stream of the page before ended',
        },
        context: { type: 'object', description: 'Merged under the context of each event' },
        integrations: { type: 'object', description: 'Merged under the integrations of each event' },
      },
    },
    Receipt: {
      type: 'object',
      required: ['index', 'status', 'reason', 'message'],
      properties: {
        index: { type: 'integer', minimum: 0 },
        messageId: { type: 'string' },
        status: { enum: ['quarantined', 'filtered', 'duplicate'] },
        reason: { enum: [...REASONS] },
        path: { type: 'string' },
        message: { type: 'string' },
      },
    },
    Error: {
      type: 'object',
      required: ['success', 'code', 'message'],
      properties: {
        success: { const: false },
        code: { enum: [...ERROR_CODES] },
        message: { type: 'string' },
      },
    },
    Lookup: {
      type: 'object',
      required: ['key', 'rows'],
      properties: {
        key: { type: 'string', description: 'Name of the column that is the key' },
        rows: { type: 'object', additionalProperties: { type: 'object' } },
      },
    },
    Replay: schemaOf(ReplayBodySchema),
  }
}

function describeResponses(): Json {
  const receipts = { type: 'array', items: ref('Receipt') }
  const taken = { type: 'object', required: ['success'], properties: { success: { const: true }, receipts } }
  const replayed = { ...taken, properties: { ...taken.properties, accepted: { type: 'integer' } } }
  const json = (description: string, schema: Json) => ({
    description,
    content: { 'application/json': { schema } },
  })
  return {
    Taken: json('Every event is durable; receipts for those that were not plainly accepted', taken),
    Replayed: json('What is good now is stored; receipts for the others', replayed),
    Error: json('Refused whole; nothing of it was stored', ref('Error')),
    Later: {
      ...json('Not now; nothing of it was stored', ref('Error')),
      headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds' } },
    },
  }
}

function errorResponses(statuses: readonly number[]): Json {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      refTo('responses', status === 429 || status === 503 ? 'Later' : 'Error'),
    ]),
  )
}

/** JSON Schema of what a client may send; what only zod can check is left open. */
function schemaOf(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'custom') jsonSchema.type = 'object'
    },
  })
  return rest
}

function inPath(name: string): Json {
  return { name, in: 'path', required: true, schema: { type: 'string' } }
}

function inQuery(name: string, isRequired: boolean): Json {
  return { name, in: 'query', required: isRequired, schema: { type: 'string' } }
}

function nameOf(type: string): string {
  return `${type.charAt(0).toUpperCase()}${type.slice(1)}Event`
}

function ref(name: string): Json {
  return refTo('schemas', name)
}

function refTo(section: string, name: string): Json {
  return { $ref: `#/components/${section}/${name}` }
}
