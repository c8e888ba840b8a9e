/** The small parts that the OpenAPI description is put together from: references, parameters, answers. */

import type { EventType } from '@millrace/schemas'
import { z } from 'zod'
import { PIXEL_ERROR_HEADER } from './routes/pixel.ts'

/** A part of the description. */
export type Json = Record<string, unknown>

/** The only places of a secret key. */
export const SECRET_KEY = [{ secretKeyBasic: [] }, { secretKeyBearer: [] }]

/** JSON Schema of what a client may send; what only zod can check is left open. */
export function schemaOf(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'custom') jsonSchema.type = 'object'
    },
  })
  return rest
}

/** A reference to a schema of the components. */
export function ref(name: string): Json {
  return refTo('schemas', name)
}

/** A reference to any component. */
export function refTo(section: 'schemas' | 'responses', name: string): Json {
  return { $ref: `#/components/${section}/${name}` }
}

/** Name of the schema of an event: within a batch, or alone, where the path says its type. */
export function nameOf(type: EventType, isAlone = false): string {
  return `${isAlone ? 'Lone' : ''}${type.charAt(0).toUpperCase()}${type.slice(1)}Event`
}

/** A required parameter of a path. */
export function inPath(name: string, description: string): Json {
  return { name, in: 'path', required: true, description, schema: { type: 'string' } }
}

/** An optional parameter of the query. */
export function inQuery(name: string, description: string, schema: Json = { type: 'string' }): Json {
  return { name, in: 'query', required: false, description, schema }
}

/** An answer in JSON. */
export function json(description: string, schema: Json, headers?: Json): Json {
  const content = { 'application/json': { schema } }
  return headers === undefined ? { description, content } : { description, headers, content }
}

/** Answers of JSON to requests that are refused, by status. */
export function errorAnswers(statuses: readonly number[]): Json {
  return Object.fromEntries(statuses.map((status) => [status, refTo('responses', nameOfError(status))]))
}

function nameOfError(status: number): string {
  if (status === 405) return 'NotAllowed'
  return status === 429 || status === 503 ? 'Later' : status === 500 ? 'Fault' : 'Error'
}

/** The header that says when to come again. */
export const RETRY_AFTER: Json = { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds' } }

/** Answers of an image: taken, and refused with these statuses. */
export function imageAnswers(statuses: readonly number[]): Json {
  const errorHeader = (description: string, schema: Json) => ({
    [PIXEL_ERROR_HEADER]: { description, schema },
  })
  const reason = errorHeader('Why the event was quarantined; absent when it was not', {
    $ref: '#/components/schemas/Receipt/properties/reason',
  })
  const code = errorHeader('Code of the refusal', { $ref: '#/components/schemas/Error/properties/code' })
  const refused = statuses.map((status) => {
    const headers = status === 429 || status === 503 ? { ...code, ...RETRY_AFTER } : code
    return [status, image('The same GIF; nothing was stored', headers)]
  })
  return { 200: image('A GIF of one pixel; the event was taken', reason), ...Object.fromEntries(refused) }
}

function image(description: string, headers: Json): Json {
  return { description, headers, content: { 'image/gif': {} } }
}
