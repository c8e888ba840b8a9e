/** Compile-time promises of the helpers, with the frameworks' own types: each marked line must not type-check. */

import express, { type Request } from 'express'
import fastify, { type FastifyRequest } from 'fastify'
import { type Context, Hono } from 'hono'
import { expect, it } from 'vitest'
import { readBrowserIdentity } from '../browser-identity.ts'
import { millrace as forExpress } from '../express.ts'
import { millrace as forFastify } from '../fastify.ts'
import { millrace as forHono } from '../hono.ts'
import { createMillrace } from '../index.ts'
import { createRequestContext } from '../request-context.ts'
import { withFlush } from '../serverless.ts'
import type { Millrace, MillraceChild } from '../types.ts'
import { readRequestContext } from '../visitor-context.ts'

interface Plan {
  track: { 'Order Completed': { total: number } }
  page: { section: 'shop' | 'help' }
}

function expressCompiles(client: Millrace, planned: Millrace<Plan>): void {
  const app = express()
  app.use(forExpress(client))
  app.use('/shop', forExpress(planned, { pages: true, ip: true }))
  app.use(forExpress(client, { identify: (request) => request.headers['x-user']?.toString() }))
  app.use(forExpress(client, { identify: (request: Request) => request.get('x-user') }))
  express
    .Router()
    .use(forExpress(client, { api: (request: Request) => ({ tenant: request.params['tenant'] }) }))
  // @ts-expect-error no id
  forExpress(client, { identify: () => 7 })
  // @ts-expect-error not awaited
  forExpress(client, { identify: async () => 'u1' })
  // @ts-expect-error no such option
  forExpress(client, { page: true })
  // @ts-expect-error no client
  forExpress({})
  // @ts-expect-error Express has a setting for it
  forExpress(client, { ip: () => '192.0.2.7' })
}

function fastifyCompiles(client: Millrace, planned: Millrace<Plan>): void {
  const app = fastify()
  app.register(forFastify(client))
  app.register(forFastify(planned, { pages: true, ip: true }))
  app.register(forFastify(client, { identify: (request) => request.headers['x-user']?.toString() }))
  app.register(forFastify(client, { identify: (request: FastifyRequest) => request.id }))
  // @ts-expect-error no id
  forFastify(client, { identify: () => 7 })
  // @ts-expect-error no client
  forFastify({})
}

interface Env {
  Bindings: { KEY: string }
  Variables: { millrace: MillraceChild<Plan>; user?: { id: string } }
}

function honoCompiles(client: Millrace, planned: Millrace<Plan>): void {
  new Hono().use(forHono(client))
  const app = new Hono<Env>()
  app.use(forHono(planned, { pages: true, ip: (c) => c.req.raw.headers.get('cf-connecting-ip') }))
  app.use('/shop/*', forHono(client, { identify: (c: Context<Env>) => c.get('user')?.id }))
  const create = (c: Context<Env>) =>
    createMillrace<Plan>({ writeKey: c.env.KEY, endpoint: 'https://events.test' })
  app.use(forHono(create, { identify: (c) => c.get('user')?.id }))
  app.get('/', (c) => {
    c.get('millrace').track({ event: 'Order Completed', properties: { total: 1 } })
    // @ts-expect-error a name that the plan does not have
    c.get('millrace').track({ event: 'Order Complete', properties: { total: 1 } })
    return c.body(null)
  })
  // @ts-expect-error no id
  forHono(client, { identify: () => 7 })
  // @ts-expect-error Hono knows no address by itself
  forHono(client, { ip: true })
}

type LambdaHandler<Event, Result> = (
  event: Event,
  context: { awsRequestId: string },
  callback: (error?: Error | string | null, result?: Result) => void,
  // biome-ignore lint/suspicious/noConfusingVoidType: as @types/aws-lambda has it.
) => void | Promise<Result>

interface Worker {
  fetch(
    request: globalThis.Request,
    env: object,
    context: { waitUntil(promise: Promise<unknown>): void },
  ): Promise<Response>
}

function serverlessCompiles(client: Millrace<Plan>): unknown {
  const plain: LambdaHandler<string, number> = withFlush(client, async (event: string) => event.length)
  const worker: Worker = {
    fetch: withFlush(client, async (request: globalThis.Request) => new Response(request.url)),
  }
  // @ts-expect-error another result
  const other: LambdaHandler<string, string> = withFlush(client, async (event: string) => event.length)
  return [plain, worker, other]
}

function restCompiles(request: Request, fetched: globalThis.Request, fastified: FastifyRequest): unknown {
  const requests = createRequestContext()
  const client = createMillrace({
    writeKey: 'wk_shop',
    endpoint: 'https://events.test',
    defaults: requests.current,
  })
  client.track({ event: 'Order Completed' })
  for (const source of [request, fetched, fastified, fetched.headers, 'a=b']) {
    client.with(readBrowserIdentity(source)).track({ event: 'Order Completed' })
  }
  const plain = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.test' })
  for (const source of [request, fetched, fastified, fetched.headers, { headers: fetched.headers }]) {
    const visitor = readBrowserIdentity(source, { identityCookie: 'id', anonymous: () => 'made' })
    plain.with({ ...visitor, context: readRequestContext(source) }).track({ event: 'Order Completed' })
    plain.track({ ...visitor, event: 'Order Completed' })
    // @ts-expect-error a visitor without a cookie has no id
    plain.with({ ...readBrowserIdentity(source), context: {} }).track({ event: 'Order Completed' })
  }
  return requests.run({ userId: 'u1' }, () => 7).toFixed()
}

it('types are checked by the compiler', () => {
  const checked = [expressCompiles, fastifyCompiles, honoCompiles, serverlessCompiles, restCompiles]
  expect(checked).toHaveLength(5)
})
