import { createMillrace, type MillraceChild } from '@millrace/node'
import { millrace } from '@millrace/node/hono'
import { type Context, Hono } from 'hono'
import { html } from 'hono/html'

type Env = {
  Bindings: { MILLRACE_ENDPOINT: string; MILLRACE_WRITE_KEY: string }
  Variables: { millrace: MillraceChild }
}

/** Routes as GPX files, by their names. */
const ROUTES = new Map([
  ['ridge-loop', '<gpx version="1.1" creator="trail-guide"><wpt lat="46.5931" lon="7.9077"/></gpx>'],
  ['lake-path', '<gpx version="1.1" creator="trail-guide"><wpt lat="46.6863" lon="7.8632"/></gpx>'],
])

/** A client for each request, as Workers may not share what one of them has begun. */
const createClient = (c: Context<Env>) =>
  createMillrace({
    endpoint: c.env.MILLRACE_ENDPOINT,
    writeKey: c.env.MILLRACE_WRITE_KEY,
    // The answer goes out at once; events are sent behind it.
    waitUntil: (promise) => c.executionCtx.waitUntil(promise),
  })

const app = new Hono<Env>()

app.use(
  millrace(createClient, {
    ip: (c) => c.req.header('cf-connecting-ip'),
    // Who has no cookie, because the link was in a mail, say, is somebody new.
    anonymous: () => crypto.randomUUID(),
  }),
)

app.get('/routes/:file{.+\\.gpx}', (c) => {
  const name = c.req.param('file').slice(0, -'.gpx'.length)
  const route = ROUTES.get(name)
  if (route === undefined) return c.notFound()
  c.get('millrace').track({ event: 'Route Downloaded', properties: { route: name } })
  return c.body(route, 200, {
    'content-type': 'application/gpx+xml',
    'content-disposition': `attachment; filename="${name}.gpx"`,
  })
})

app.get('/', (c) =>
  c.html(html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Trail guide</title>
    <link rel="icon" href="data:,">
    <script async src="${c.env.MILLRACE_ENDPOINT}/millrace.js" data-write-key="${c.env.MILLRACE_WRITE_KEY}" data-auto-page></script>
    <style>
      body { max-width: 34rem; margin: 12vh auto; padding: 0 1.5rem; color: #1d2b33; background: #eff5f6; font: 18px/1.7 system-ui, sans-serif; }
      a { color: #17627a; }
    </style>
  </head>
  <body>
    <h1>Trail guide</h1>
    <p>Two walks above the lake, for whatever shows you the way.</p>
    <ul>
      <li><a href="/routes/ridge-loop.gpx">Ridge loop</a>, five hours</li>
      <li><a href="/routes/lake-path.gpx">Lake path</a>, two hours</li>
    </ul>
  </body>
</html>`),
)

export default app
