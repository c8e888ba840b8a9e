/** ClickHouse's HTTP interface over the embedded engine, for development on one machine. */

import { mkdirSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { ClientGoneError, readBody } from './body.ts'
import { createEngine } from './engine.ts'
import { ClickHouseException, parseException } from './errors.ts'
import { type Executor, execute } from './execute.ts'
import { findRefusal, isLoopback } from './guard.ts'
import { parseRequest, type QueryRequest, withFormFields } from './request.ts'
import { sendAnswer, sendException, watchClient } from './response.ts'
import { createSessions } from './sessions.ts'

/** Options of {@link createClickHouseServer}. */
export interface ClickHouseServerOptions {
  /** Data directory, created when absent. One process can have it open. */
  readonly dataPath: string
  /** TCP port; 0 takes a free one. */
  readonly port: number
  /** Address to listen on, loopback only. Default `127.0.0.1`. */
  readonly host?: string
  /** Bound on a request body, before and after decoding, in bytes. Default 1 GiB. */
  readonly maxBodyBytes?: number
  /** Takes a line about each failure that is the server's own. Default: standard error. */
  readonly log?: (line: string) => void
}

/** A listening server. */
export interface ClickHouseServer {
  /** Base URL without a slash at its end, `http://127.0.0.1:8123`. */
  readonly url: string
  readonly port: number
  /** Takes no more requests, lets those under way end, and closes the engine. */
  close(): Promise<void>
}

const DEFAULT_MAX_BODY_BYTES = 1024 ** 3

/** ClickHouse's keep_alive_timeout. Node's 5 seconds close sockets that clients are about to use again. */
const KEEP_ALIVE_TIMEOUT_MS = 30_000

const DISPLAY_NAME = 'millrace'

/** Inside the data directory, so that the engine is on the same disk; emptied on start. */
const SPOOL_DIRECTORY = 'http-spool'

/** Paths that take queries. */
const QUERY_PATHS = new Set(['/', '/query'])

/**
 * Starts the server. It speaks ClickHouse's HTTP interface, so the official clients and curl work as they are. It has
 * no users: any name and password is accepted. That is why it listens on loopback only, and refuses what a web page
 * from elsewhere sends.
 *
 * @throws RangeError when `host` is not loopback.
 * @throws DataInUseError when another process has the data directory open.
 * @throws Error with `code: 'EADDRINUSE'` when the port is taken.
 */
export async function createClickHouseServer(options: ClickHouseServerOptions): Promise<ClickHouseServer> {
  const { dataPath, port, host = '127.0.0.1' } = options
  if (!isLoopback(host)) throw new RangeError(`host must be a loopback address, got ${host}`)
  const server = createServer()
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS
  // A client may take as long over its body as it likes.
  server.requestTimeout = 0
  await listen(server, port, host)
  try {
    // Synchronous, so that no request can arrive before there is somebody to answer it.
    return serve(server, dataPath, options)
  } catch (error) {
    server.close()
    throw error
  }
}

function serve(server: Server, dataPath: string, options: ClickHouseServerOptions): ClickHouseServer {
  const { log = console.error, maxBodyBytes = DEFAULT_MAX_BODY_BYTES } = options
  const engine = createEngine(dataPath)
  const sessions = createSessions(engine.connect)
  // The engine takes relative paths from a directory of its own.
  const spoolPath = resolve(dataPath, SPOOL_DIRECTORY)
  rmSync(spoolPath, { recursive: true, force: true })
  mkdirSync(spoolPath, { recursive: true })
  const handler = createHandler({ engine, sessions, spoolPath }, { log, maxBodyBytes })
  const underWay = new Set<Promise<void>>()
  server.on('request', (request, response) => {
    const handled = handler(request, response).finally(() => underWay.delete(handled))
    underWay.add(handled)
  })
  const { address, port, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    port,
    async close() {
      const closed = new Promise((done) => server.close(done))
      server.closeIdleConnections()
      await Promise.allSettled(underWay)
      server.closeAllConnections()
      await closed
      sessions.close()
      await engine.close()
    },
  }
}

function createHandler(executor: Executor, limits: { log: (line: string) => void; maxBodyBytes: number }) {
  const { version, timezone } = executor.engine
  const { log, maxBodyBytes } = limits

  const handleQuery = async (request: IncomingMessage, response: ServerResponse) => {
    const startedAt = process.hrtime.bigint()
    const gone = watchClient(response)
    const asked = parseRequest(request.method ?? 'GET', request.url ?? '/', request.headers)
    response.setHeader('X-ClickHouse-Query-Id', asked.queryId)
    response.setHeader('X-ClickHouse-Timezone', timezone)
    const body = readBody(request, asked.requestEncoding, maxBodyBytes)
    const [query, data] = await readForm(asked, request.headers['content-type'], body)
    await execute(executor, query, data, gone, (answer) =>
      sendAnswer(response, answer, { encoding: asked.responseEncoding, version, gone, startedAt }),
    )
  }

  /** Never rejects: every failure becomes an answer, or the end of the connection. */
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      response.setHeader('X-ClickHouse-Server-Display-Name', DISPLAY_NAME)
      if (!answerDirectly(request, response)) await handleQuery(request, response)
    } catch (error) {
      const exception = parseException(error)
      const isOurs = !(error instanceof ClickHouseException) && !(error instanceof ClientGoneError)
      if (isOurs) log(`${request.method} query failed: ${error instanceof Error ? error.stack : error}`)
      if (response.headersSent) response.destroy()
      else sendException(response, exception, version)
    } finally {
      // What is left of the body is read and dropped, so that the answer arrives and the connection stays usable.
      request.unpipe()
      request.resume()
    }
  }
}

/** Answers what needs no engine; false when it is a query. */
function answerDirectly(request: IncomingMessage, response: ServerResponse): boolean {
  const answer = (status: number, text: string) => {
    response.writeHead(status, { 'Content-Type': 'text/plain; charset=UTF-8' }).end(`${text}\n`)
    return true
  }
  const refusal = findRefusal(request.headers)
  if (refusal !== undefined) return answer(403, refusal)
  const { method = 'GET', url = '/' } = request
  const [path = '/'] = url.split('?')
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') {
    response.setHeader('Allow', 'GET, HEAD, POST')
    return answer(405, `${method} is not supported, use GET or POST`)
  }
  if (path === '/ping' || path === '/replicas_status') return answer(200, 'Ok.')
  if (path === '/' && method !== 'POST' && !url.includes('?')) return answer(200, 'Ok.')
  if (QUERY_PATHS.has(path)) return false
  const help = 'Use / or /ping for health checks. Send queries with POST / or GET /?query=...'
  return answer(404, `There is no handle ${url}\n\n${help}`)
}

/** A form holds the query and its parameters; any other body is statement or data. */
async function readForm(
  request: QueryRequest,
  contentType: string | undefined,
  body: AsyncIterableIterator<Buffer>,
): Promise<[QueryRequest, AsyncIterator<Buffer>]> {
  if (contentType === undefined || !contentType.toLowerCase().startsWith('multipart/form-data')) {
    return [request, body]
  }
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  const form = await new Response(Buffer.concat(chunks), { headers: { 'content-type': contentType } })
    .formData()
    .catch((cause: unknown) => {
      const message = 'Cannot read the multipart/form-data body'
      throw new ClickHouseException(117, 'INCORRECT_DATA', message, { cause })
    })
  return [withFormFields(request, form), body]
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((listening, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      listening()
    })
  })
}
