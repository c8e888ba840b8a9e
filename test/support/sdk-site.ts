/** A site and a collector on loopback, for pages with the browser SDK as it was built: serves both, remembers what arrives. */

import { readFileSync } from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { JsonObject, WireBatch, WireEvent } from '@millrace/schemas/wire'
import { ROOT } from '../../scripts/setup.mjs'

/** A page of the site. */
export interface SdkPage {
  /** All of its HTML. */
  html: string
  headers?: Record<string, string>
}

/** An event as the collector has it: with its number, and the batch's context below its own. */
export type ArrivedEvent = WireEvent & { messageId: string; context: JsonObject }

/** A running site with its collector. */
export interface SdkSite {
  /** Address of a page; `host` default: `localhost`, where browsers trust http. */
  url: (path: string, host?: string) => string
  /** Every event that arrived, in order, as often as it came. */
  arrivals: () => ArrivedEvent[]
  /** Those of one name, each once. */
  events: (name: string) => ArrivedEvent[]
  /** From now on, answers 503 and keeps nothing. */
  setDown: (isDown: boolean) => void
  stop: () => Promise<void>
}

/** The text of a file of the SDK as it was built. */
export function readBuilt(name: string): string {
  return readFileSync(join(ROOT, 'sdk-web/dist', name), 'utf8')
}

/**
 * Starts it on free ports.
 *
 * @param findPage gives the page of a path, with the collector's origin; other paths are files of the SDK
 */
export async function startSdkSite(
  findPage: (path: string, collector: string) => SdkPage | undefined,
): Promise<SdkSite> {
  const batches: WireBatch[] = []
  let isDown = false
  const collector = createServer((request, response) => {
    const { origin = '*' } = request.headers
    response.setHeader('access-control-allow-origin', origin)
    response.setHeader('access-control-allow-credentials', 'true')
    if (isDown) response.writeHead(503).end(() => request.resume())
    else {
      void readBody(request).then((body) => {
        batches.push(JSON.parse(body))
        response.writeHead(200).end()
      }, ignoreCut)
    }
  })
  const collectorOrigin = `http://127.0.0.1:${await listen(collector)}`
  const site = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site')
    servePage(findPage(pathname, collectorOrigin), pathname, response)
  })
  const port = await listen(site)
  const arrivals = () => batches.flatMap(listEvents)
  return {
    url: (path, host = 'localhost') => `http://${host}:${port}${path}`,
    arrivals,
    events(name) {
      const named = arrivals().filter((event) => event.event === name || event.type === name)
      return [...new Map(named.map((event) => [event.messageId, event])).values()]
    },
    setDown(next) {
      isDown = next
    },
    stop: async () => void (await Promise.all([close(site), close(collector)])),
  }
}

function servePage(page: SdkPage | undefined, path: string, response: ServerResponse): void {
  if (page) {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...page.headers }).end(page.html)
  } else if (path.endsWith('.js')) {
    const headers = { 'content-type': 'text/javascript; charset=utf-8', 'access-control-allow-origin': '*' }
    response.writeHead(200, headers).end(readBuilt(path.slice(1)))
  } else response.writeHead(404).end()
}

function listEvents({ batch, stream, firstSeq = 0, context }: WireBatch): ArrivedEvent[] {
  return batch.map((event, i) => ({
    ...event,
    messageId: `${stream}-${firstSeq + i}`,
    context: { ...context, ...event.context },
  }))
}

/** By the first bytes, as the collector does: no header says that a body is compressed. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  return (body[0] === 0x1f ? gunzipSync(body) : body).toString('utf8')
}

/** A page that goes cuts its requests off; what did not come whole did not come. */
function ignoreCut(): void {}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
