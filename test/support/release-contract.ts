/** What a release promises to those outside: the shape of an envelope, the HTTP API, the names on the client of the script tag. */

import { z } from 'zod'
import { describeApi } from '../../collector/src/openapi.ts'

/** A JSON value of the description. */
type Json = string | number | boolean | null | Json[] | { [name: string]: Json }

const id = z.string()
const time = z.number()
const count = z.int().min(0)
const object = z.record(z.string(), z.unknown())
const counts = z.tuple([count, count, count])
const facts = object.optional()
const streamEnd = z.object({ stream: id, lastSeq: z.int().min(1) })

const BookEndSchema = z.object({
  book: id,
  number: z.int().min(1),
  at: time,
  before: counts,
  settled: count,
  failed: z.array(z.tuple([count, count, count, count])).optional(),
  refused: z.record(z.string(), z.tuple([count, count])).optional(),
})

/**
 * An envelope as the consumer of 0.1.0 reads it: what it needs, and of which kind. Fields that it does not know are no trouble
 * to it, so they may be added without another version; it loses them.
 */
const EnvelopeSchema = z.object({
  version: z.literal(2),
  part: count,
  source: id,
  route: z.enum(['batch', 'import']),
  receivedAt: time,
  sentAt: time.optional(),
  batchId: id,
  stream: id.optional(),
  previous: streamEnd.optional(),
  userAgent: z.string().optional(),
  request: facts,
  receipt: BookEndSchema.extend({ counts, closed: z.array(BookEndSchema).optional() }).optional(),
  context: object.optional(),
  integrations: object.optional(),
  events: z.array(
    z.object({
      messageId: id,
      type: z.enum(['track', 'page', 'screen', 'identify', 'group', 'alias']),
      seq: z.int().min(1).optional(),
      timestamp: time,
      originalTimestamp: time.optional(),
      event: z.string().optional(),
      name: z.string().optional(),
      category: z.string().optional(),
      userId: id.optional(),
      anonymousId: id.optional(),
      groupId: id.optional(),
      previousId: id.optional(),
      properties: object.optional(),
      traits: object.optional(),
      context: object.optional(),
      integrations: object.optional(),
      extra: object.optional(),
      facts,
    }),
  ),
  quarantined: z.array(
    z.object({
      messageId: id,
      index: count,
      seq: z.int().min(1).optional(),
      reason: z.string(),
      path: z.string(),
      message: z.string(),
      type: z.string().optional(),
      event: z.string().optional(),
      violations: z.array(object).optional(),
      planVersion: z.string().optional(),
      anonymousId: id.optional(),
      clientAnonymousId: id.optional(),
      raw: z.string(),
      rawBytes: count,
    }),
  ),
  omitted: z.array(
    z.object({
      messageId: id,
      index: count,
      seq: z.int().min(1).optional(),
      status: z.enum(['filtered', 'duplicate']),
      reason: z.string(),
    }),
  ),
})

/** The JSON Schema of an envelope of this release. */
export function describeEnvelope(): object {
  return z.toJSONSchema(EnvelopeSchema, { io: 'input' })
}

/**
 * The HTTP API as lines, one for each thing that somebody may rely on: a path with its method, a parameter, a status, a field of
 * an answer, a field that a body may have. `$ref` is followed, so that a schema may move.
 */
export function describeHttp(): string[] {
  const api = describeApi() as unknown as { paths: Record<string, Record<string, Json>> }
  const lines: string[] = []
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const at = `${method.toUpperCase()} ${path}`
      const { responses, requestBody, parameters } = fieldsOf(follow(api as Json, operation))
      lines.push(at)
      for (const parameter of Array.isArray(parameters) ? parameters : []) {
        const { name, in: place } = fieldsOf(follow(api as Json, parameter))
        lines.push(`${at} parameter ${String(place)} ${String(name)}`)
      }
      lines.push(...describeContent(api as Json, `${at} body`, requestBody))
      for (const [status, answer] of Object.entries(fieldsOf(responses))) {
        lines.push(`${at} ${status}`, ...describeContent(api as Json, `${at} ${status}`, answer))
      }
    }
  }
  return [...new Set(lines)].sort()
}

/** What a request must have, as lines: of these there may be none that an older client does not send. */
export function describeWants(): string[] {
  const api = describeApi() as unknown as { paths: Record<string, Record<string, Json>> }
  const lines: string[] = []
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const at = `${method.toUpperCase()} ${path}`
      const { requestBody, parameters } = fieldsOf(follow(api as Json, operation))
      for (const parameter of Array.isArray(parameters) ? parameters : []) {
        const { name, required } = fieldsOf(follow(api as Json, parameter))
        if (required === true) lines.push(`${at} parameter ${String(name)}`)
      }
      for (const media of Object.values(fieldsOf(fieldsOf(follow(api as Json, requestBody))['content']))) {
        const { required } = fieldsOf(follow(api as Json, fieldsOf(media)['schema']))
        for (const name of Array.isArray(required) ? required : []) lines.push(`${at} body .${String(name)}`)
      }
    }
  }
  return [...new Set(lines)].sort()
}

function describeContent(api: Json, at: string, holder: Json | undefined): string[] {
  const { content } = fieldsOf(follow(api, holder))
  return Object.entries(fieldsOf(content)).flatMap(([type, media]) => [
    `${at} ${type}`,
    ...describeFields(api, `${at} ${type}`, fieldsOf(media)['schema'], 0),
  ])
}

/** Deepest field that is listed. */
const MAX_DEPTH = 5

function describeFields(api: Json, at: string, schema: Json | undefined, depth: number): string[] {
  if (depth > MAX_DEPTH) return []
  const { properties, items, anyOf, oneOf, allOf } = fieldsOf(follow(api, schema))
  const own = Object.entries(fieldsOf(properties)).flatMap(([name, field]) => [
    `${at} .${name}`,
    ...describeFields(api, `${at} .${name}`, field, depth + 1),
  ])
  const others = [items, ...[anyOf, oneOf, allOf].flatMap((list) => (Array.isArray(list) ? list : []))]
  return [
    ...own,
    ...others.flatMap((other) => (other === undefined ? [] : describeFields(api, at, other, depth + 1))),
  ]
}

function fieldsOf(value: Json | undefined): Record<string, Json | undefined> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

/** What a `$ref` points to, or the value itself. */
function follow(api: Json, value: Json | undefined): Json | undefined {
  const { $ref } = fieldsOf(value)
  if (typeof $ref !== 'string') return value
  let found: Json | undefined = api
  for (const name of $ref.slice(2).split('/')) found = fieldsOf(found)[name]
  return found
}
