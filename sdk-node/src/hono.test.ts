import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { stream } from 'hono/streaming'
import { describe, expect, it, vi } from 'vitest'
import {
  createFakeClient,
  type FakeClient,
  NAVIGATION,
  orderEvent,
  SCRIPT_REQUEST,
} from './frameworks/fake-client.ts'
import { send, startServer } from './frameworks/test-server.ts'
import { type HonoOptions, millrace } from './hono.ts'
import { createRequestContext } from './request-context.ts'

type Env = { Variables: { millrace: FakeClient } }

const NOW = Date.UTC(2026, 0, 2)

/** An app with the middleware in front. */
function createApp(options: HonoOptions = {}) {
  const client = createFakeClient()
  const app = new Hono<Env>()
  app.use(millrace(client, { now: () => NOW, ...options }))
  const ask = (path: string, method = 'GET', headers: Record<string, string> = SCRIPT_REQUEST) =>
    app.request(`https://shop.test${path}`, { method, headers })
  return { client, app, ask }
}

describe('the Hono middleware', () => {
  it('gives a handler the client of its visitor', async () => {
    const { client, app, ask } = createApp({ identify: () => 'u1', ip: () => '192.0.2.7' })
    app.post('/orders', (c) => {
      c.get('millrace').track({ event: 'Order Completed' })
      return c.body(null, 204)
    })
    await ask('/orders?x=1', 'POST', NAVIGATION)
    expect(client.events).toEqual([orderEvent('https://shop.test/orders?x=1', { ip: '192.0.2.7' })])
  })

  it('records a page view', async () => {
    const { client, app, ask } = createApp({ pages: true })
    app.get('/shoes', (c) => c.html('<h1>Shoes</h1>'))
    await ask('/shoes', 'GET', NAVIGATION)
    expect(client.events).toMatchObject([{ type: 'page', timestamp: NOW, properties: { path: '/shoes' } }])
  })

  it('records API calls by the pattern of their route, behind other middleware and in apps within apps', async () => {
    const { client, app, ask } = createApp({ api: true })
    app.use('/api/*', (_, next) => next())
    const orders = new Hono<Env>().get('/:order', (c) => c.json({ ok: true }))
    const users = new Hono<Env>().onError((_, c) => c.text('', 500)).route('/:user/orders', orders)
    app.route('/api/users', users)
    await ask('/api/users/7/orders/8')
    expect(client.events[0]?.properties).toEqual({
      method: 'GET',
      route: '/api/users/:user/orders/:order',
      status: 200,
      durationMs: 0,
    })
  })

  it('has the status of an error, and lets it go on to the app', async () => {
    const { client, app, ask } = createApp({ api: true })
    const seen: unknown[] = []
    const boom = new Error('boom')
    app.get('/items/:id', () => {
      throw boom
    })
    app.onError((error, c) => {
      seen.push(error)
      return c.json({}, 503)
    })
    expect((await ask('/items/7')).status).toBe(503)
    expect(seen).toEqual([boom])
    expect(client.events[0]?.properties).toMatchObject({ route: '/items/:id', status: 503 })
  })

  it('passes on what is thrown and is no error', async () => {
    const { client, app, ask } = createApp({ api: true })
    app.get('/items/:id', () => Promise.reject('no error'))
    await expect(ask('/items/7')).rejects.toBe('no error')
    expect(client.events[0]?.properties).toEqual({ method: 'GET', route: '/items/:id', durationMs: 0 })
  })

  it('records neither a 404 nor a HEAD nor a redirect', async () => {
    const { client, app, ask } = createApp({ pages: true, api: true })
    app.use('*', (_, next) => next())
    app.get('/page', (c) => c.html('page'))
    app.get('/api', (c) => c.json({}))
    app.get('/old', (c) => c.redirect('/page'))
    await ask('/nowhere', 'GET', NAVIGATION)
    await ask('/nowhere')
    await ask('/page', 'HEAD', NAVIGATION)
    await ask('/api', 'HEAD')
    expect((await ask('/old', 'GET', NAVIGATION)).status).toBe(302)
    expect(client.events).toEqual([])
  })

  it('lets a stream through as it comes', async () => {
    const { client, app, ask } = createApp({ api: true })
    const { promise, resolve: end } = Promise.withResolvers<void>()
    app.get('/stream', (c) =>
      stream(c, async (out) => {
        await out.write('first')
        await promise
      }),
    )
    const reader = (await ask('/stream')).body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('first')
    expect(client.events).toHaveLength(1)
    end()
    expect(await reader?.read()).toMatchObject({ done: true })
  })

  it('sends behind the response where the platform waits', async () => {
    const { client, app } = createApp()
    app.get('/', (c) => c.text('hello'))
    const kept: Promise<unknown>[] = []
    const context = {
      waitUntil: (promise: Promise<unknown>) => void kept.push(promise),
      passThroughOnException() {},
      props: {},
    }
    const response = await app.fetch(new Request('https://shop.test/'), {}, context)
    expect([await response.text(), client.flushes.length, kept.length]).toEqual(['hello', 1, 1])
    await app.fetch(new Request('https://shop.test/'))
    expect(client.flushes).toHaveLength(1)
  })

  it('takes a client for each request', async () => {
    const clients: FakeClient[] = []
    const app = new Hono<Env>()
    const create = () => {
      clients.push(createFakeClient())
      return clients.at(-1) as FakeClient
    }
    app.use(millrace(create, { pages: true }))
    app.get('/', (c) => c.html('page'))
    for (const path of ['/?1', '/?2']) await app.request(`https://shop.test${path}`, { headers: NAVIGATION })
    expect(clients.map(({ events }) => events.map(({ properties }) => properties?.['search']))).toEqual([
      ['?1'],
      ['?2'],
    ])
  })

  it('runs handlers inside the context', async () => {
    const context = createRequestContext()
    const { app, ask } = createApp({ context, identify: () => 'u1' })
    app.get('/', async (c) => {
      await Promise.resolve()
      return c.json(context.current()?.userId)
    })
    expect(await (await ask('/')).json()).toBe('u1')
    expect(context.current()).toBeUndefined()
  })

  it('goes on when the function for the address throws', async () => {
    const { app, ask } = createApp({
      ip: () => {
        throw new Error('boom')
      },
    })
    app.get('/', (c) => c.text('hello'))
    expect(await (await ask('/')).text()).toBe('hello')
  })

  it("runs on Node's server", async () => {
    const { client, app } = createApp({ pages: true, api: true })
    app.get('/shoes', (c) => c.html('<h1>Shoes</h1>'))
    const port = await startServer(getRequestListener(app.fetch))
    expect(await send(port, { path: '/shoes', headers: NAVIGATION })).toMatchObject({ status: 200 })
    await vi.waitFor(() => expect(client.events).toHaveLength(1))
    const url = `http://127.0.0.1:${port}/shoes`
    expect(client.events[0]).toMatchObject({ anonymousId: 'visitor-1', properties: { url } })
  })

  it.each([undefined, {}, { with: () => {} }])('refuses %j for a client', (client) => {
    expect(() => millrace(client as never)).toThrow('client must be one of createMillrace')
  })
})
