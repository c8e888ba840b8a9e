/** A line to the collector that carries every request, and at some point no answer any more. */

import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A running line. */
export interface SilentLine {
  url: string
  /** Requests that the collector has answered, whether or not the answer was passed on. */
  carriedCount: () => number
  stop: () => Promise<void>
}

/**
 * Starts it.
 *
 * @param target origin of the collector
 * @param answeredCount answers that are passed on; whoever waits for a later one waits for ever
 */
export async function startSilentLine(target: string, answeredCount: number): Promise<SilentLine> {
  let carriedCount = 0
  const server = createServer(async (request, response) => {
    const answer = await carry(target, request)
    carriedCount += 1
    if (carriedCount <= answeredCount) response.writeHead(answer.status).end(await answer.text())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    carriedCount: () => carriedCount,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function carry(target: string, request: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const { authorization = '' } = request.headers
  return fetch(`${target}${request.url}`, {
    method: request.method ?? 'GET',
    headers: { authorization },
    body: Buffer.concat(chunks).toString(),
  })
}
