import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import express, { type NextFunction, type Request, type Response } from 'express'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type ExpressOptions, millrace } from './express.ts'
import {
  createFakeClient,
  type FakeClient,
  NAVIGATION,
  orderEvent,
  SCRIPT_REQUEST,
} from './frameworks/fake-client.ts'
import { begin, send, startServer } from './frameworks/test-server.ts'
import { createRequestContext } from './request-context.ts'

declare global {
  namespace Express {
    interface Request {
      millrace: FakeClient
    }
  }
}

const NOW = Date.UTC(2026, 0, 2)

/** An app with the middleware in front, on a server of its own. */
async function startApp(options: ExpressOptions<Request>, addRoutes: (app: express.Express) => void) {
  const client = createFakeClient()
  const app = express()
  app.use(millrace(client, { now: () => NOW, ...options }))
  addRoutes(app)
  const port = await startServer(app)
  return { client, app, port, host: `127.0.0.1:${port}` }
}

const answerPage = (_: Request, response: Response) => void response.type('html').send('<h1>Shop</h1>')
const answerJson = (_: Request, response: Response) => void response.json({ ok: true })

describe('the Express middleware', () => {
  it('gives a handler the client of its visitor', async () => {
    const { client, port, host } = await startApp({ identify: () => 'u1' }, (app) => {
      app.post('/orders', (request, response) => {
        request.millrace.track({ event: 'Order Completed' })
        response.sendStatus(204)
      })
    })
    await send(port, { path: '/orders?x=1', method: 'POST', headers: NAVIGATION })
    expect(client.events).toEqual([orderEvent(`http://${host}/orders?x=1`)])
  })

  it('records a page view, dated when the request came', async () => {
    const { client, port, host } = await startApp({ pages: true }, (app) => app.get('/shoes', answerPage))
    await send(port, { path: '/shoes?size=42', headers: { ...NAVIGATION, referer: 'https://search.test/' } })
    await vi.waitFor(() => expect(client.events).toHaveLength(1))
    const url = `http://${host}/shoes?size=42`
    expect(client.events[0]).toMatchObject({
      type: 'page',
      anonymousId: 'visitor-1',
      timestamp: NOW,
      properties: { path: '/shoes', search: '?size=42', url, referrer: 'https://search.test/' },
    })
  })

  it('records API calls by the pattern of their route, through nested routers', async () => {
    const { client, port } = await startApp({ api: true }, (app) => {
      const lines = express.Router({ mergeParams: true }).delete('/lines/:line', answerJson)
      const orders = express.Router().use('/orders/:order', lines)
      app.use('/users/:user', orders)
    })
    await send(port, { path: '/users/7/orders/a%20b/lines/9', method: 'DELETE', headers: SCRIPT_REQUEST })
    await vi.waitFor(() => expect(client.events).toHaveLength(1))
    expect(client.events[0]).toMatchObject({ type: 'track', event: 'API Request' })
    expect(client.events[0]?.properties).toEqual({
      method: 'DELETE',
      route: '/users/:user/orders/:order/lines/:line',
      status: 200,
      durationMs: 0,
    })
  })

  it('leaves addresses as Express has them', async () => {
    const seen: string[] = []
    const { port } = await startApp({ api: true }, (app) => {
      const inner = express.Router().get('/b', (request, _, next) => {
        seen.push(`${request.baseUrl} ${request.url} ${request.originalUrl}`)
        next()
      })
      app.use('/:user', inner)
      app.use((request: Request, response: Response) => {
        seen.push(`${request.baseUrl} ${request.url}`)
        response.sendStatus(404)
      })
    })
    await send(port, { path: '/a/b' })
    expect(seen).toEqual(['/a /b /a/b', ' /a/b'])
  })

  it('has the status of an error, and lets it go on to the app', async () => {
    const boom = new Error('boom')
    const seen: unknown[] = []
    const { client, port } = await startApp({ api: true }, (app) => {
      const fails = express.Router().get('/items/:id', () => {
        throw boom
      })
      app.use('/api', fails)
      app.use((error: unknown, _: Request, response: Response, __: NextFunction) => {
        seen.push(error)
        response.status(503).json({})
      })
    })
    expect(await send(port, { path: '/api/items/7', headers: SCRIPT_REQUEST })).toMatchObject({ status: 503 })
    await vi.waitFor(() => expect(client.events).toHaveLength(1))
    expect(seen).toEqual([boom])
    expect(client.events[0]?.properties).toMatchObject({ status: 503 })
  })

  it('records a route that throws where Express itself answers, with a page', async () => {
    const { client, port } = await startApp({ api: true }, (app) => {
      app.get('/items/:id', () => {
        throw new Error('boom')
      })
    })
    vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => void vi.restoreAllMocks())
    expect(await send(port, { path: '/items/7', headers: SCRIPT_REQUEST })).toMatchObject({ status: 500 })
    await vi.waitFor(() => expect(client.events).toHaveLength(1))
    expect(client.events[0]?.properties).toMatchObject({ status: 500, route: '/items/:id' })
  })

  it('records neither a 404 nor a HEAD nor a redirect', async () => {
    const { client, port } = await startApp({ pages: true, api: true }, (app) => {
      app.get('/page', answerPage)
      app.get('/api', answerJson)
      app.get('/old', (_, response) => response.redirect('/page'))
    })
    await send(port, { path: '/nowhere', headers: NAVIGATION })
    await send(port, { path: '/nowhere', headers: SCRIPT_REQUEST })
    await send(port, { path: '/page', method: 'HEAD', headers: NAVIGATION })
    await send(port, { path: '/api', method: 'HEAD', headers: SCRIPT_REQUEST })
    expect((await send(port, { path: '/old', headers: NAVIGATION })).status).toBe(302)
    await send(port, { path: '/page?last', headers: NAVIGATION })
    await vi.waitFor(() => expect(client.events).toHaveLength(1))
    expect(client.events[0]?.properties).toMatchObject({ search: '?last' })
  })

  it('lets a stream through as it comes, and tells one that was cut off', async () => {
    const { client, port } = await startApp({ api: true, pages: true }, (app) => {
      const start = (type: string) => (_: Request, response: Response) => {
        response.type(type).write('first')
      }
      app.get('/stream', start('application/json'))
      app.get('/page', start('html'))
    })
    for (const [path, headers] of [
      ['/page', NAVIGATION],
      ['/stream', SCRIPT_REQUEST],
    ] as const) {
      const { response, sent } = begin(port, { path, headers })
      const [chunk] = await once(await response, 'data')
      expect(String(chunk)).toBe('first')
      expect(client.events).toEqual([])
      sent.destroy()
    }
    await vi.waitFor(() => expect(client.events).toHaveLength(1))
    expect(client.events[0]?.properties).toMatchObject({ route: '/stream', status: 200, aborted: true })
  })

  it('has no status for a request that was cut off before its answer', async () => {
    let isHandled = false
    const { client, port } = await startApp({ api: true }, (app) =>
      app.post('/slow', () => {
        isHandled = true
      }),
    )
    const { sent, response } = begin(port, { path: '/slow', method: 'POST', headers: SCRIPT_REQUEST })
    await vi.waitFor(() => expect(isHandled).toBe(true))
    expect(client.events).toEqual([])
    sent.destroy()
    await expect(response).rejects.toThrow()
    await vi.waitFor(() => expect(client.events).toHaveLength(1))
    expect(client.events[0]?.properties).toEqual({
      method: 'POST',
      route: '/slow',
      durationMs: 0,
      aborted: true,
    })
  })

  it('sends the address only when asked, and whose it is, Express decides', async () => {
    const { client, app, port } = await startApp({ ip: true, pages: true }, (routes) =>
      routes.get('/', answerPage),
    )
    const headers = { ...NAVIGATION, 'x-forwarded-for': '192.0.2.7', 'x-forwarded-host': 'shop.test' }
    await send(port, { headers })
    app.set('trust proxy', 'loopback')
    await send(port, { headers: { ...headers, 'x-forwarded-proto': 'https' } })
    await vi.waitFor(() => expect(client.events).toHaveLength(2))
    expect(client.events.map(({ context }) => context?.['ip'])).toEqual(['127.0.0.1', '192.0.2.7'])
    expect(client.events.map(({ properties }) => properties?.['url'])).toEqual([
      `http://127.0.0.1:${port}/`,
      'https://shop.test/',
    ])
  })

  it('runs handlers inside the context, behind what reads the body too', async () => {
    const context = createRequestContext()
    const seen: unknown[] = []
    const { port } = await startApp({ context, identify: () => 'u1' }, (app) => {
      app.post('/', express.json(), async (_, response) => {
        await sleep(1)
        seen.push(context.current()?.userId)
        response.json({})
      })
    })
    const headers = { 'content-type': 'application/json', 'content-length': '2' }
    await send(port, { method: 'POST', headers, body: '{}' })
    expect(seen).toEqual(['u1'])
    expect(context.current()).toBeUndefined()
  })
})
