/** The helpers and the client together: what a collector gets of a visit, over HTTP. */

import { createServer } from 'node:http'
import express from 'express'
import { expect, it } from 'vitest'
import { millrace as middleware } from '../express.ts'
import { createMillrace } from '../index.ts'
import { createRequestContext } from '../request-context.ts'
import { NAVIGATION } from './fake-client.ts'
import { send, startServer } from './test-server.ts'

/** A collector that takes everything, and the events that it got. */
async function startCollector() {
  const events: Record<string, unknown>[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    events.push(...(JSON.parse(text) as { batch: Record<string, unknown>[] }).batch)
    response.setHeader('content-type', 'application/json').end('{"success":true}')
  })
  const port = await startServer(() => {}, server)
  return { events, endpoint: `http://127.0.0.1:${port}` }
}

it("a visit's events reach the collector with who it was and where", async () => {
  const { events, endpoint } = await startCollector()
  const requests = createRequestContext()
  const millrace = createMillrace({ writeKey: 'wk_shop', endpoint, gzip: false, defaults: requests.current })
  const app = express()
  app.use(middleware(millrace, { pages: true, context: requests, ip: true, identify: () => 'u1' }))
  app.get('/thanks', async (_, response) => {
    await Promise.resolve()
    // As deep in the app as one likes: the client itself knows the request.
    millrace.track({ event: 'Order Completed', context: { locale: 'de' }, properties: { total: 42 } })
    response.type('html').send('Thanks')
  })
  const port = await startServer(app)
  await send(port, { path: '/thanks?order=1', headers: NAVIGATION })
  await millrace.close()

  const page = { path: '/thanks', search: '?order=1', url: `http://127.0.0.1:${port}/thanks?order=1` }
  const common = { userId: 'u1', anonymousId: 'visitor-1' }
  const context = { userAgent: NAVIGATION['user-agent'], page, ip: '127.0.0.1' }
  expect(events).toMatchObject([
    { ...common, type: 'track', event: 'Order Completed', context: { ...context, locale: 'de' } },
    { ...common, type: 'page', properties: page, context: { ...context, locale: 'en-GB' } },
  ])
})
