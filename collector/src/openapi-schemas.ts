/** The schemas of the OpenAPI description, made from those that the collector judges by. */

import {
  ERROR_CODES,
  EVENT_SCHEMAS,
  EVENT_TYPES,
  type EventType,
  MAX_BATCH_EVENTS,
  REASONS,
} from '@millrace/schemas'
import { z } from 'zod'
import { describeOperatorSchemas } from './openapi-operator.ts'
import { type Json, nameOf, ref, schemaOf } from './openapi-parts.ts'
import { ANSWER } from './openapi-questions.ts'
import { ReplayBodySchema } from './routes/replay.ts'

/** What `GET /v1/projects/{writeKey}/settings` answers. */
export const SegmentSettingsSchema = z.object({
  integrations: z.object({
    'Segment.io': z.object({
      apiKey: z.string(),
      apiHost: z.string().describe('Host and path to send to, without a scheme'),
      protocol: z.enum(['http', 'https']),
      addBundledMetadata: z.boolean(),
    }),
  }),
  plan: z.object({
    track: z.object({ __default: z.object({ enabled: z.boolean(), integrations: z.object({}) }) }),
    identify: z.object({ __default: z.object({ enabled: z.boolean() }) }),
    group: z.object({ __default: z.object({ enabled: z.boolean() }) }),
  }),
  edgeFunction: z.object({}),
  analyticsNextEnabled: z.boolean(),
  middlewareSettings: z.object({}),
  enabledMiddleware: z.object({}),
  remotePlugins: z.array(z.object({})).max(0),
  legacyVideoPluginsEnabled: z.boolean(),
  metrics: z.object({ sampleRate: z.number() }),
})

const DataPlanesSchema = z.array(z.object({ url: z.url(), default: z.boolean() }))

/** What `GET /sourceConfig` answers. */
export const RudderSourceConfigSchema = z.object({
  source: z.object({
    id: z.string(),
    name: z.string(),
    writeKey: z.string(),
    workspaceId: z.string(),
    enabled: z.boolean(),
    config: z.object({
      statsCollection: z.object({
        errors: z.object({ enabled: z.boolean() }),
        metrics: z.object({ enabled: z.boolean() }),
      }),
    }),
    destinations: z.array(z.object({})).max(0),
    dataplanes: z.object({ US: DataPlanesSchema, EU: DataPlanesSchema }),
  }),
})

/** What `PUT /v1/lookups/{name}` answers. */
export const LookupAnswerSchema = z.object({
  success: z.literal(true),
  name: z.string(),
  rows: z.int(),
  version: z.string().describe('Changes with the content'),
  warning: z.string().optional().describe('That nothing joins the table, and what is joined'),
})

/** The components that requests and answers refer to. */
export function describeSchemas(): Json {
  return {
    ...Object.fromEntries(EVENT_TYPES.map((type) => [nameOf(type), describeEvent(type)])),
    ...Object.fromEntries(EVENT_TYPES.map((type) => [nameOf(type, true), describeLoneEvent(type)])),
    Batch: describeBatch({ writeKey: WRITE_KEY }),
    ImportBatch: describeBatch({}),
    Receipt: RECEIPT,
    Answer: ANSWER,
    Error: ERROR,
    Lookup: LOOKUP,
    LookupAnswer: schemaOf(LookupAnswerSchema),
    Replay: schemaOf(ReplayBodySchema.extend({ source: z.string().optional().describe(SOURCE) })),
    ...describeOperatorSchemas(),
    SegmentSettings: schemaOf(SegmentSettingsSchema),
    RudderSourceConfig: schemaOf(RudderSourceConfigSchema),
  }
}

/**
 * The query of a pixel: the fields of the event, those of an object by their dotted names. All are text.
 *
 * @param isRequired whether what the type requires has to be here; not where `data` may have it
 */
export function describeQueryFields(type: EventType, isRequired: boolean): Json {
  const { properties, required } = readLoneEvent(type)
  const names = Object.keys(properties)
  const objects = names.filter((name) => properties[name]?.['type'] === 'object')
  const texts = names.filter((name) => !objects.includes(name))
  return {
    type: 'object',
    description: IDENTITY,
    properties: Object.fromEntries(texts.map((name) => [name, { type: 'string' }])),
    patternProperties: { [`^(${objects.join('|')})\\.`]: { type: 'string' } },
    additionalProperties: { type: 'string' },
    ...(isRequired && required.length > 0 ? { required } : {}),
  }
}

const IDENTITY =
  'Needs a userId or an anonymousId, unless the source gives ids itself (identity: cookie or cookieless); without it is ' +
  'quarantined as missing_identity. A field that is null or empty counts as absent; fields beyond these are kept in extra.'

const SOURCE = 'Name of the source that the key must belong to'

const WRITE_KEY = { type: 'string', description: 'A write key, never the secret key' }

const SENT_AT = { type: 'string', format: 'date-time', description: 'Client’s clock at this attempt' }

function describeEvent(type: EventType): Json {
  return { ...schemaOf(EVENT_SCHEMAS[type]), description: IDENTITY }
}

/** An event whose type the path says: what its body says of it is not looked at. */
function describeLoneEvent(type: EventType): Json {
  const { properties, required, ...event } = readLoneEvent(type)
  return {
    ...event,
    description: IDENTITY,
    properties: { ...properties, writeKey: WRITE_KEY, sentAt: SENT_AT },
    ...(required.length === 0 ? {} : { required }),
  }
}

function readLoneEvent(type: EventType) {
  const event = schemaOf(EVENT_SCHEMAS[type])
  const { type: _, ...properties } = event['properties'] as Record<string, Json>
  const required = ((event['required'] ?? []) as string[]).filter((name) => name !== 'type')
  return { ...event, properties, required }
}

function describeBatch(key: Json): Json {
  return {
    type: 'object',
    required: ['batch'],
    properties: {
      batch: {
        type: 'array',
        maxItems: MAX_BATCH_EVENTS,
        items: { anyOf: EVENT_TYPES.map((type) => ref(nameOf(type))) },
      },
      ...key,
      source: { type: 'string', description: SOURCE },
      sentAt: SENT_AT,
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
  }
}

const RECEIPT: Json = {
  type: 'object',
  required: ['index', 'status', 'reason', 'message'],
  properties: {
    index: { type: 'integer', minimum: 0 },
    messageId: { type: 'string' },
    status: { enum: ['quarantined', 'filtered', 'duplicate'] },
    reason: { enum: [...REASONS] },
    path: {
      type: 'string',
      description: 'Where in the event, dotted; absent when it concerns the whole event',
    },
    message: { type: 'string', description: 'One sentence for a person; it does not repeat the path' },
  },
}

const ERROR: Json = {
  type: 'object',
  required: ['success', 'code', 'message'],
  properties: {
    success: { const: false },
    code: { enum: [...ERROR_CODES] },
    message: { type: 'string' },
  },
}

const LOOKUP: Json = {
  type: 'object',
  required: ['key', 'rows'],
  properties: {
    key: { type: 'string', description: 'Name of the column that is the key' },
    rows: { type: 'object', additionalProperties: { type: 'object' } },
  },
}
