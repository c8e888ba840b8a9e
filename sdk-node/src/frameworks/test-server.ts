/** For the tests of the frameworks: a server of Node on loopback, and requests with exactly the headers that are given. */

import { type ClientRequest, createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** Starts a handler of Node's for one test; gives the server's port. */
export async function startServer(
  handler: (...args: never[]) => unknown,
  server: Server = createServer(handler as () => void),
): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => stopServer(server))
  return (server.address() as AddressInfo).port
}

function stopServer(server: Server): void {
  server.close()
  server.closeAllConnections()
}

const BODY_DELAY_MS = 50

/** A request that `fetch` would not let out: browsers alone set `Sec-Fetch-Dest` and `Cookie`. */
export interface RawRequest {
  path?: string
  method?: string
  headers?: Record<string, string>
  /** Sent a little after the head, so that the server has begun with the request by then. */
  body?: string
}

/** Sends a request, whose answer may never come. */
export function begin(
  port: number,
  { path = '/', method = 'GET', headers = {}, body }: RawRequest = {},
): { sent: ClientRequest; response: Promise<IncomingMessage> } {
  const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false })
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject)
  })
  sent.flushHeaders()
  setTimeout(() => void sent.end(body), body === undefined ? 0 : BODY_DELAY_MS)
  return { sent, response }
}

/** Sends a request and reads the whole answer. */
export async function send(port: number, raw: RawRequest = {}): Promise<{ status: number; text: string }> {
  const response = await begin(port, raw).response
  let text = ''
  for await (const chunk of response) text += chunk
  return { status: response.statusCode ?? 0, text }
}
