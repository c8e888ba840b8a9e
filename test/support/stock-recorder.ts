/** A host that takes whatever a stock SDK sends to it and remembers it. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { buildRudderSourceConfig, buildSegmentSettings } from '../../collector/src/routes/settings.ts'

/** A request as it came. */
export interface RecordedRequest {
  method: string
  /** With its query. */
  path: string
  /** Names in lower case. */
  headers: Record<string, string>
  /** Inflated when it came as gzip, which `content-encoding` still says. */
  body: string
}

/** A running recorder. */
export interface Recorder {
  url: string
  /** In the order of their arrival, preflights among them. */
  requests: RecordedRequest[]
  stop: () => Promise<void>
}

/**
 * Starts it on a free port of loopback.
 *
 * @param refusedOnce paths whose first POST is answered with 503, so that the SDK sends it again
 */
export async function startRecorder(refusedOnce: readonly string[] = []): Promise<Recorder> {
  const requests: RecordedRequest[] = []
  const server = createServer((request, response) => {
    void record(request).then((recorded) => {
      const { method, path } = recorded
      const isFirst = !requests.some((other) => other.method === method && other.path === path)
      requests.push(recorded)
      answer(recorded, method === 'POST' && isFirst && refusedOnce.includes(path) ? 503 : 200, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    requests,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function record(request: IncomingMessage): Promise<RecordedRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  const isGzip = request.headers['content-encoding'] === 'gzip'
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    ),
    body: (isGzip ? gunzipSync(bytes) : bytes).toString(),
  }
}

function answer(request: RecordedRequest, status: number, response: ServerResponse): void {
  const { headers } = request
  response.setHeader('access-control-allow-origin', headers['origin'] ?? '*')
  response.setHeader('access-control-allow-credentials', 'true')
  response.setHeader('access-control-allow-headers', headers['access-control-request-headers'] ?? '*')
  response.setHeader('access-control-allow-methods', 'GET, POST')
  response.setHeader('content-type', 'application/json')
  response.writeHead(status).end(JSON.stringify(answerBody(request)))
}

function answerBody({ method, path, headers }: RecordedRequest): object {
  const where = { writeKey: 'dev', origin: `http://${headers['host']}` }
  if (method === 'GET' && path.endsWith('/settings')) return buildSegmentSettings(where)
  if (method === 'GET') return buildRudderSourceConfig({ ...where, sourceName: 'dev' })
  return { success: true }
}
