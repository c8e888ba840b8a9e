/** The part of the OpenAPI description that is about questions, made from the schemas that they are checked by. */

import { z } from 'zod'
import { errorAnswers, inQuery, type Json, json, ref } from './openapi-parts.ts'
import type { QuestionType } from './query/question.ts'
import { QUESTION_NAMES, QUESTIONS } from './query/questions.ts'
import { rangeFields } from './query/range.ts'
import { CACHE_HEADER } from './routes/query.ts'

/** The only places of a read token. */
export const READ_TOKEN = [{ readTokenBearer: [] }, { readTokenBasic: [] }]

/** How a read token is given. */
export const READ_TOKEN_SCHEMES: Json = {
  readTokenBearer: { type: 'http', scheme: 'bearer', description: 'The read token of the source' },
  readTokenBasic: {
    type: 'http',
    scheme: 'basic',
    description: 'The read token of the source as user name; the password is empty',
  },
}

/** Fields of a query string that stand for a list, once for each of it. */
const REPEATED: ReadonlyMap<string, [name: string, description: string]> = new Map([
  ['events', ['event', 'Name of an event; may be given several times']],
  ['filters', ['filter', 'A filter as field:op:value; may be given several times']],
  ['steps', ['step', 'Name of the event of a step; once for each']],
])

/** The path of each question. */
export function describeQuestions(): Json {
  return Object.fromEntries(
    QUESTION_NAMES.map((name) => {
      const type: QuestionType = QUESTIONS[name]
      const { properties, required } = fieldsOf(type)
      const body = { type: 'object', properties, ...(required.length === 0 ? {} : { required }) }
      const answers = (statuses: readonly number[]) => ({ 200: ANSWERED, ...errorAnswers(statuses) })
      const shared = { summary: `${type.summary}. Needs the read token`, security: READ_TOKEN }
      return [
        `/v1/query/${name}`,
        {
          get: {
            ...shared,
            parameters: Object.entries(properties).map(([field, schema]) => describeParameter(field, schema)),
            responses: answers([400, 401, 403, 405, 422, 429, 500, 503]),
          },
          post: {
            ...shared,
            requestBody: { required: true, content: { 'application/json': { schema: body } } },
            responses: answers([400, 401, 403, 405, 413, 415, 422, 429, 500, 503]),
          },
        },
      ]
    }),
  )
}

/** A query string says that a parameter is required by answering 400: a step may also be given within `steps`. */
function describeParameter(field: string, schema: Json): Json {
  const [name, description] = REPEATED.get(field) ?? [field, undefined]
  if (description === undefined) {
    const isSimple = ['integer', 'boolean', 'string'].includes(String(schema['type']))
    return inQuery(name, String(schema['description'] ?? field), isSimple ? schema : { type: 'string' })
  }
  return inQuery(name, description, { type: 'array', items: { type: 'string' } })
}

function fieldsOf({ schema, hasRange }: QuestionType): {
  properties: Record<string, Json>
  required: string[]
} {
  const own = describe(schema)
  const when = hasRange ? describe(z.object(rangeFields)) : { properties: {} }
  return {
    properties: { ...own.properties, ...when.properties, source: { type: 'string', description: SOURCE } },
    // What has a default need not be given.
    required: own.required,
  }
}

const SOURCE = 'Name of the source that the token must belong to'

function describe(schema: z.ZodType): { properties: Record<string, Json>; required: string[] } {
  const of = (io: 'input' | 'output') => z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  const properties = (of('output').properties ?? {}) as Record<string, Json>
  const isOptional = (name: string) => 'default' in (properties[name] ?? {})
  return { properties, required: (of('output').required ?? []).filter((name) => !isOptional(name)) }
}

/** What every question is answered with. */
export const ANSWER: Json = {
  type: 'object',
  required: ['question', 'asOf', 'freshness', 'readFrom'],
  properties: {
    question: { type: 'object', description: 'The question with its defaults, and times for durations' },
    asOf: { type: 'string', format: 'date-time', description: 'When it was answered' },
    freshness: {
      type: ['object', 'null'],
      properties: { upTo: { type: 'string', format: 'date-time' }, lagSeconds: { type: 'number' } },
      description: 'How far sessions, roll-ups and identities are; null when nothing was computed yet',
    },
    readFrom: { enum: ['events', 'rollups', 'sessions', 'ledger'] },
    columns: { type: 'array', items: { type: 'string' } },
    rows: { type: 'array', items: { type: 'array' } },
    totals: { type: 'object' },
    buckets: {
      type: 'array',
      items: { type: 'string' },
      description: 'Beginnings of minutes and hours, or first days',
    },
    series: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'values'],
        properties: {
          name: { type: ['string', 'null'] },
          isOther: { const: true, description: 'All values of the field that have no series of their own' },
          total: {},
          values: { type: 'array', description: 'One for each bucket' },
        },
      },
    },
  },
}

const ANSWERED = json('The answer', ref('Answer'), {
  [CACHE_HEADER]: {
    schema: { enum: ['hit', 'shared', 'miss'] },
    description: 'Whether the answer was there already',
  },
})
