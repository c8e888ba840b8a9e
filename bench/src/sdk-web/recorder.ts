/**
 * A host on loopback for any of the measured SDKs: serves pages on one origin, takes what they send on another, and
 * remembers it. How it answers can be changed while it runs.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { decodeRequest } from './decode-body.ts'
import { findEvents } from './find-events.ts'
import { buildPage, PAGE_HEADERS } from './page.ts'
import { answerSettings, COLLECT_ANSWER, isSettingsRequest } from './settings.ts'
import { type RecordedRequest, type Tally, tallyRun } from './tally.ts'

/**
 * How events are answered: with success, with another status (`Retry-After` in seconds), never, or as a host that is
 * down, which refuses connections. Settings are answered in all but the last.
 */
export type Mode =
  | { kind: 'normal' }
  | { kind: 'status'; status: number; retryAfterSeconds?: number }
  | { kind: 'hang' }
  | { kind: 'refuse' }

/** A running recorder. */
export interface Recorder {
  /** Where SDKs send to. */
  origin: string
  /** Where pages are: another origin, and of another site. */
  pageOrigin: string
  /** Address of the page of an SDK; `path` default: `/page`. */
  pageUrl: (sdk: string, path?: string) => string
  /** In the order of their arrival; refused connections are not among them. */
  requests: RecordedRequest[]
  /** Changes how it answers from now on; what hangs is cut off when it stops hanging. */
  setMode: (mode: Mode) => Promise<void>
  /** Counts what arrived of a run, until `until` (ms since the epoch). */
  tally: (run: string, until?: number) => Tally
  stop: () => Promise<void>
}

/**
 * Starts it on free ports of loopback.
 *
 * @param bundles the script of each SDK, by its name
 */
export async function startRecorder(bundles: ReadonlyMap<string, string>): Promise<Recorder> {
  const requests: RecordedRequest[] = []
  let mode: Mode = { kind: 'normal' }
  let port = 0
  const collector = createServer((request, response) => {
    void readBody(request).then((body) => {
      const recorded = describeRequest(request, body)
      requests.push(recorded)
      answer(recorded, request, response, mode)
    }, ignoreAbort)
  })
  // Without them a page's connections close between its requests, and it pays for new ones.
  collector.keepAliveTimeout = 60_000
  const pages = createServer((request, response) => servePage(bundles, origin, request, response))
  port = await listen(collector, 0)
  const origin = `http://127.0.0.1:${port}`
  const pageOrigin = `http://localhost:${await listen(pages, 0)}`
  return {
    origin,
    pageOrigin,
    pageUrl: (sdk, path = '/page') => `${pageOrigin}${path}?sdk=${encodeURIComponent(sdk)}`,
    requests,
    async setMode(next) {
      const before = mode
      mode = next
      if (before.kind === 'hang') collector.closeAllConnections()
      if (next.kind === 'refuse') await close(collector)
      else if (before.kind === 'refuse') await listen(collector, port)
    },
    tally: (run, until) => tallyRun(requests, run, until),
    async stop() {
      await close(collector)
      await close(pages)
    },
  }
}

function describeRequest(request: IncomingMessage, body: Buffer): RecordedRequest {
  const { method = '', url: path = '', rawHeaders, headers } = request
  const encoding = headers['content-encoding']
  const events = findEvents(decodeRequest({ path, encoding, body }))
  // `: ` and the line's end for each header, and the request line with its version.
  const headerText = rawHeaders.reduce((sum, text) => sum + Buffer.byteLength(text) + 2, 0)
  return {
    at: performance.timeOrigin + performance.now(),
    method,
    path,
    kind:
      method === 'OPTIONS' ? 'preflight' : isSettingsRequest(method, path, events) ? 'settings' : 'collect',
    status: 0,
    bodyBytes: body.byteLength,
    headerBytes: headerText + method.length + path.length + ' HTTP/1.1\r\n\r\n'.length + 1,
    contentEncoding: encoding,
    events,
  }
}

function answer(recorded: RecordedRequest, request: IncomingMessage, response: ServerResponse, mode: Mode) {
  const { headers } = request
  allowOrigin(request, response)
  if (recorded.kind !== 'collect' || mode.kind === 'normal') {
    recorded.status = 200
    const { type, body } =
      recorded.kind === 'settings'
        ? answerSettings(recorded.path, `http://${headers.host}`)
        : { type: 'application/json', body: JSON.stringify(COLLECT_ANSWER) }
    response.writeHead(200, { 'content-type': type }).end(body)
  } else if (mode.kind === 'status') {
    recorded.status = mode.status
    if (mode.retryAfterSeconds !== undefined) response.setHeader('retry-after', mode.retryAfterSeconds)
    response.writeHead(mode.status).end()
  }
}

function allowOrigin({ headers }: IncomingMessage, response: ServerResponse): void {
  response.setHeader('access-control-allow-origin', headers.origin ?? '*')
  response.setHeader('access-control-allow-credentials', 'true')
  response.setHeader('access-control-allow-headers', headers['access-control-request-headers'] ?? '*')
  response.setHeader('access-control-allow-methods', 'GET, POST, PUT')
  response.setHeader('access-control-expose-headers', 'retry-after')
  // As most collectors have it; otherwise each request would have its own preflight.
  response.setHeader('access-control-max-age', '600')
  response.setHeader('cross-origin-resource-policy', 'cross-origin')
}

function servePage(
  bundles: ReadonlyMap<string, string>,
  origin: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://pages')
  const bundle = bundles.get(searchParams.get('sdk') ?? '')
  if (bundle === undefined) response.writeHead(404).end()
  else if (pathname === '/sdk.js') {
    response.writeHead(200, { ...PAGE_HEADERS, 'content-type': 'text/javascript; charset=utf-8' }).end(bundle)
  } else {
    response.writeHead(200, { ...PAGE_HEADERS, 'content-type': 'text/html; charset=utf-8' })
    response.end(buildPage(searchParams.get('sdk') ?? '', origin, pathname !== '/page'))
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** A page that goes cuts its requests off; what did not come whole did not come. */
function ignoreAbort(): void {}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  await closed
}
