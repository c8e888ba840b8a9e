/** For tests: every route of the description with a request that would be taken, and the kind of key that it needs. */

import { describeApi } from './openapi.ts'

/** What opens a route: nothing, a write key or the secret key, the secret key alone, the read token, or the deployment's token, which is of no source. */
export type RouteKey = 'open' | 'write' | 'secret' | 'read' | 'deployment'

/** One route, and a good request to it without any key. */
export interface KeyedRoute {
  method: string
  /** As the description has it. */
  path: string
  needs: RouteKey
  /** With what its parameters stand for filled in. */
  address: string
  headers?: Record<string, string>
  body?: string
}

/** A letter and a file that a world for {@link keyedRoutes} should have. */
export const DEAD_KEY = 'dead/2026-11-21/a.json'
export const LAKE_FILE = 'date=2026-11-21/hour=11/bucket-0.parquet'

const EVENT = { type: 'track', event: 'x', userId: 'u', groupId: 'g', previousId: 'p', messageId: 'm' }
const BATCH = JSON.stringify({ batch: [EVENT] })
const PIXEL = '?userId=u&event=x&groupId=g&previousId=p'
const RAW = { raw: JSON.stringify(EVENT), messageId: 'm', receivedAt: '2026-11-21', route: 'batch' }
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** Fields that each question needs. */
const QUESTIONS: Record<string, object> = {
  top: { field: 'country' },
  breakdown: { by: ['country'] },
  funnel: { steps: ['page', 'page'] },
  retention: { first: 'page', returning: 'page' },
}

/** What makes a good request of a path, by the first that matches; a route that none of them knows gets an empty one. */
const REQUESTS: [pattern: RegExp, make: (method: string) => Partial<KeyedRoute> & { query?: string }][] = [
  [/^\/v1\/query\/(\w+)$/, () => ({})],
  [/^\/v1\/(batch|b|import)$|^\/beacon/, () => ({ body: BATCH })],
  [/^\/v1\/replay$/, () => ({ body: JSON.stringify({ events: [RAW] }) })],
  [/^\/v1\/dead\/replay$/, () => ({ body: JSON.stringify({ keys: [DEAD_KEY] }) })],
  [/^\/v1\/lookups\//, () => ({ body: '{"key":"id","rows":{}}' })],
  [/pixel\//, () => ({ query: PIXEL })],
  [/^\/v1\/lake\/download$/, (method) => (method === 'POST' ? { body: '', headers: FORM } : {})],
  [/^\/v1\/[a-z]+$/, (method) => (method === 'POST' ? { body: JSON.stringify(EVENT) } : {})],
]

/** All of them; a new route is here by itself. */
export function keyedRoutes(): KeyedRoute[] {
  const { paths } = describeApi() as { paths: Record<string, Record<string, { security?: object[] }>> }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([name, { security }]) => {
      const method = name.toUpperCase()
      const { query = '', ...request } = requestOf(path, method)
      return { method, path, needs: keyOf(security), address: addressOf(path) + query, ...request }
    }),
  )
}

function requestOf(path: string, method: string): Partial<KeyedRoute> & { query?: string } {
  const question = /^\/v1\/query\/(\w+)$/.exec(path)?.[1]
  if (question === undefined) return REQUESTS.find(([pattern]) => pattern.test(path))?.[1](method) ?? {}
  const fields = QUESTIONS[question] ?? {}
  if (method === 'POST') return { body: JSON.stringify(fields) }
  const texts = Object.entries(fields).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ])
  return { query: texts.length === 0 ? '' : `?${new URLSearchParams(texts)}` }
}

function addressOf(path: string): string {
  return path
    .replace('{date}/{hour}/{file}', LAKE_FILE)
    .replace('dead/{key}', DEAD_KEY)
    .replace('{name}', 'products')
    .replace('{prefix}', 'cdn')
}

/** The description without a word of its own has that of all routes, which take a write key. */
function keyOf(security: object[] | undefined): RouteKey {
  if (security === undefined) return 'write'
  const names = security.flatMap((one) => Object.keys(one))
  if (names.length === 0) return 'open'
  if (names.every((name) => name.startsWith('secretKey'))) return 'secret'
  if (names.every((name) => name === 'metricsToken')) return 'deployment'
  return names.every((name) => name.startsWith('readToken')) ? 'read' : 'write'
}
