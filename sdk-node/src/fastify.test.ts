import { AsyncResource } from 'node:async_hooks'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import fastify, {
  type FastifyInstance,
  type FastifyPluginCallback,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type FastifyOptions, millrace } from './fastify.ts'
import {
  createFakeClient,
  type FakeClient,
  NAVIGATION,
  orderEvent,
  SCRIPT_REQUEST,
} from './frameworks/fake-client.ts'
import { begin } from './frameworks/test-server.ts'
import { createRequestContext } from './request-context.ts'

declare module 'fastify' {
  interface FastifyRequest {
    millrace: FakeClient
  }
}

const NOW = Date.UTC(2026, 0, 2)

/** An app with the plugin in front. */
function createApp(
  options: FastifyOptions<FastifyRequest>,
  addRoutes: (app: FastifyInstance) => void,
  settings: FastifyServerOptions = {},
) {
  const client = createFakeClient()
  const app = fastify(settings)
  app.register(millrace(client, { now: () => NOW, ...options }))
  app.register((routes, _, done) => {
    addRoutes(routes)
    done()
  })
  onTestFinished(() => app.close().then(() => {}))
  const ask = (url: string, method: 'GET' | 'HEAD' | 'POST' = 'GET', headers: object = SCRIPT_REQUEST) =>
    app.inject({ url, method, headers: { host: 'shop.test', ...headers } })
  return { client, app, ask }
}

describe('the Fastify plugin', () => {
  it('gives a handler the client of its visitor, also in other plugins', async () => {
    const { client, ask } = createApp({ identify: () => 'u1' }, (app) => {
      app.post('/orders', async (request, reply) => {
        request.millrace.track({ event: 'Order Completed' })
        return reply.code(204).send()
      })
    })
    await ask('/orders?x=1', 'POST', NAVIGATION)
    expect(client.events).toEqual([orderEvent('http://shop.test/orders?x=1')])
  })

  it('records a page view', async () => {
    const { client, ask } = createApp({ pages: true }, (app) => {
      app.get('/shoes', (_, reply) => reply.type('text/html').send('<h1>Shoes</h1>'))
    })
    await ask('/shoes', 'GET', NAVIGATION)
    await vi.waitFor(() => expect(client.events).toHaveLength(1))
    expect(client.events).toMatchObject([{ type: 'page', timestamp: NOW, properties: { path: '/shoes' } }])
  })

  it('records API calls by the pattern of their route, with the prefixes of plugins', async () => {
    const { client, ask } = createApp({ api: true }, (app) => {
      const orders: FastifyPluginCallback = (routes, _, done) => {
        routes.get('/orders/:order', () => ({ ok: true }))
        done()
      }
      app.register(orders, { prefix: '/users/:user' })
    })
    await ask('/users/7/orders/8')
    await vi.waitFor(() => expect(client.events).toHaveLength(1))
    expect(client.events[0]?.properties).toEqual({
      method: 'GET',
      route: '/users/:user/orders/:order',
      status: 200,
      durationMs: 0,
    })
  })

  it('has the status of an error', async () => {
    const { client, ask } = createApp({ api: true }, (app) => {
      app.get('/items/:id', async () => {
        throw Object.assign(new Error('boom'), { statusCode: 503 })
      })
    })
    expect((await ask('/items/7')).json()).toMatchObject({ message: 'boom' })
    await vi.waitFor(() => expect(client.events).toHaveLength(1))
    expect(client.events[0]?.properties).toMatchObject({ route: '/items/:id', status: 503 })
  })

  it('records neither a 404 nor a HEAD nor a redirect', async () => {
    const { client, ask } = createApp({ pages: true, api: true }, (app) => {
      app.get('/page', (_, reply) => reply.type('text/html').send('page'))
      app.get('/api', () => ({}))
      app.get('/old', (_, reply) => reply.redirect('/page'))
    })
    expect((await ask('/nowhere', 'GET', NAVIGATION)).statusCode).toBe(404)
    await ask('/nowhere')
    await ask('/page', 'HEAD', NAVIGATION)
    await ask('/api', 'HEAD')
    expect((await ask('/old', 'GET', NAVIGATION)).statusCode).toBe(302)
    await ask('/page?last', 'GET', NAVIGATION)
    await vi.waitFor(() => expect(client.events).toHaveLength(1))
    expect(client.events[0]?.properties).toMatchObject({ search: '?last' })
  })

  it('lets a stream through as it comes, and tells one that was cut off', async () => {
    const { client, app } = createApp({ api: true }, (routes) => {
      routes.get('/stream', (_, reply) => {
        const body = new PassThrough()
        body.write('first')
        return reply.type('application/x-ndjson').send(body)
      })
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as { port: number }
    const { sent, response } = begin(port, { path: '/stream', headers: SCRIPT_REQUEST })
    const [chunk] = await once(await response, 'data')
    expect([String(chunk), client.events]).toEqual(['first', []])
    sent.destroy()
    await vi.waitFor(() => expect(client.events).toHaveLength(1))
    expect(client.events[0]?.properties).toMatchObject({ route: '/stream', status: 200, aborted: true })
  })

  it.each([
    [false, 'http://shop.test:81/', '127.0.0.1'],
    [true, 'https://proxy.test/', '192.0.2.7'],
  ])('sends the address only when asked; with trustProxy %j it is %s of %s', async (trustProxy, url, ip) => {
    const addRoutes = (app: FastifyInstance) =>
      void app.get('/', (_, reply) => reply.type('text/html').send('page'))
    const { client, ask } = createApp({ ip: true, pages: true }, addRoutes, { trustProxy })
    await ask('/', 'GET', {
      ...NAVIGATION,
      host: 'shop.test:81',
      'x-forwarded-for': '192.0.2.7',
      'x-forwarded-host': 'proxy.test',
      'x-forwarded-proto': 'https',
    })
    await vi.waitFor(() => expect(client.events).toHaveLength(1))
    expect(client.events).toMatchObject([{ context: { ip }, properties: { url } }])
  })

  it('runs handlers inside the context, behind what reads the body too', async () => {
    const context = createRequestContext()
    const { app } = createApp({ context, identify: ({ headers }) => String(headers['x-user']) }, (routes) => {
      routes.post('/', async () => context.current())
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as { port: number }
    const userOf = async (user: string) => {
      const headers = { 'x-user': user, 'content-type': 'application/json', 'content-length': '2' }
      const response = await begin(port, { method: 'POST', headers, body: '{}' }).response
      return (JSON.parse(String(await response.toArray())) as { userId?: string }).userId
    }
    expect(await Promise.all(['u1', 'u2', 'u3'].map(userOf))).toEqual(['u1', 'u2', 'u3'])
  })

  it('runs handlers inside the context though what reads the body lost it, as in older versions', async () => {
    const context = createRequestContext()
    const outside = new AsyncResource('outside')
    const { ask } = createApp({ context, identify: () => 'u1' }, (app) => {
      app.addHook('preParsing', (_, __, payload, next) => outside.runInAsyncScope(next, null, null, payload))
      app.post('/', async () => context.current() ?? {})
    })
    expect((await ask('/', 'POST')).json()).toMatchObject({ userId: 'u1' })
  })
})
