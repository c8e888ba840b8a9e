/** The parts of the collector's OpenAPI description that the reference reads. */

import { describeApi } from '../../../collector/src/openapi.ts'

/** A JSON Schema. */
export interface Schema {
  $ref?: string
  type?: string | string[]
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  enum?: unknown[]
  const?: unknown
  default?: unknown
  format?: string
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  additionalProperties?: Schema | boolean
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
}

/** A parameter of the path or query. */
export interface Parameter {
  name: string
  in: string
  required: boolean
  description: string
  schema: Schema
  explode?: boolean
}

/** An answer. */
export interface Answer {
  $ref?: string
  description?: string
  headers?: Record<string, { description?: string }>
  content?: Record<string, { schema?: Schema }>
}

/** One method of one path. */
export interface Operation {
  summary: string
  security?: Record<string, unknown>[]
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, Answer>
}

/** The description. */
export interface Api {
  info: { description: string }
  security: Record<string, unknown>[]
  paths: Record<string, Record<string, Operation>>
  components: {
    schemas: Record<string, Schema>
    responses: Record<string, Answer>
    securitySchemes: Record<string, { type: string; scheme?: string; in?: string; description: string }>
  }
}

/** Reads the description that the collector serves at `/openapi.json`. */
export function readApi(): Api {
  return describeApi() as unknown as Api
}

/** The name of a component that is referred to. */
export function nameOfRef(ref: string): string {
  return ref.split('/').at(-1) ?? ref
}

/** A schema without references: what they refer to stands in their place. */
export function resolveRefs(api: Api, schema: Schema): Schema {
  const text = JSON.stringify(schema, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('$ref' in value)) return value
    return follow(api, String(value.$ref))
  })
  return JSON.parse(text)
}

function follow(api: Api, ref: string): unknown {
  const steps = ref.slice(2).split('/')
  return steps.reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], api)
}
