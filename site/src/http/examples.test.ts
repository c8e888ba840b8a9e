import { ERROR_CODES } from '@millrace/schemas'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createApp } from '../../../collector/src/app.ts'
import { createSources } from '../../../collector/src/sources.ts'
import { EXAMPLES } from './examples.ts'
import { groupRoutes } from './groups.ts'
import { type Operation, readApi, resolveRefs, type Schema } from './openapi.ts'
import { STATUSES } from './statuses.ts'

const API = readApi()

const OPERATIONS = groupRoutes(API).flatMap(([, routes]) =>
  routes.flatMap(({ path, operations }) =>
    Object.entries(operations).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  ),
)

/** Answers that only a store or another part could give. */
const NEEDS_MORE = /dead|spill|lookups|lake|\/live|metrics|openapi/

const SHOP = { name: 'shop', writeKeys: ['wk_shop'], secretKey: 'sk_shop', readToken: 'rt_shop' }

function send(key: string) {
  const app = createApp({
    sources: createSources([SHOP]),
    makeDurable: async () => {},
    now: () => Date.UTC(2026, 10, 22, 10, 15, 31),
    log: () => {},
    answer: async () => ({ ok: true, json: '{}', cache: 'miss' }),
  })
  const { target, headers, body } = exampleOf(key)
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const init = {
    method: key.split(' ')[0] ?? '',
    ...(headers && { headers }),
    ...(body !== undefined && { body: text }),
  }
  return app.request(target, init)
}

function exampleOf(key: string) {
  const example = EXAMPLES[key]
  if (example === undefined) throw new Error(`no example of ${key}`)
  return example
}

function check(schema: Schema | undefined, value: unknown): void {
  if (schema === undefined) throw new Error('the description has no schema')
  z.fromJSONSchema(resolveRefs(API, schema) as Parameters<typeof z.fromJSONSchema>[0]).parse(value)
}

describe('example', () => {
  test('is there for every route, but for a POST that asks what its GET does', () => {
    const without = OPERATIONS.map(([key]) => key).filter((key) => EXAMPLES[key] === undefined)
    expect(without.filter((key) => !key.startsWith('POST /v1/query/'))).toEqual([])
    const known = new Set(OPERATIONS.map(([key]) => key))
    expect(Object.keys(EXAMPLES).filter((key) => !known.has(key))).toEqual([])
  })

  const sent = Object.keys(EXAMPLES).filter((key) => !NEEDS_MORE.test(key.replace('/query/live', '')))
  test.each(sent)('%s is answered by the collector as it is told', async (key) => {
    const response = await send(key)
    expect(response.status).toBe(200)
    expect(response.headers.get('X-Millrace-Error')).toBeNull()
    const { answer } = exampleOf(key)
    if (answer !== undefined) expect(await response.json()).toEqual(answer)
  })

  const shown = OPERATIONS.filter(([key]) => EXAMPLES[key] !== undefined)
  test.each(shown)('%s fits the description', (key, { requestBody, responses, parameters = [] }) => {
    const { body, answer, target } = exampleOf(key)
    const content =
      responses['200']?.$ref === undefined
        ? responses['200']?.content
        : API.components.responses['Taken']?.content
    if (requestBody !== undefined && typeof body === 'object') {
      check(Object.values(requestBody.content)[0]?.schema, body)
    }
    if (answer !== undefined && !key.includes('/v1/replay'))
      check(content?.['application/json']?.schema, answer)
    const names = parameters.map(({ name }) => name)
    if (names.includes('fields') || requestBody !== undefined) return
    const given = [...new URL(target, 'http://x').searchParams.keys()]
    expect(given.filter((name) => !names.includes(name) && name !== 'writeKey')).toEqual([])
  })

  test('that does not fit would be told', () => {
    const schema = API.paths['/v1/batch']?.['post']?.requestBody?.content['application/json']?.schema
    expect(() => check(schema, { batch: [{ type: 'track' }] })).toThrow()
  })
})

test('every status and every code of the description is told of', () => {
  const statuses = new Set(OPERATIONS.flatMap(([, { responses }]) => Object.keys(responses)))
  expect(Object.keys(STATUSES).sort()).toEqual([...statuses].sort())
  const told = new Set(Object.values(STATUSES).flatMap(({ codes }) => codes))
  expect(ERROR_CODES.filter((code) => !told.has(code))).toEqual([])
})

test('a route that no section has is refused', () => {
  expect(() => groupRoutes({ ...API, paths: { '/v2/new': {} } })).toThrow(
    'no section of the reference has /v2/new',
  )
})
