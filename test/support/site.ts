/** A customer's site: one page on an origin of its own, with the Millrace snippet as the README of the SDK has it. */

import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { ROOT } from '../../scripts/setup.mjs'

/** A running site. */
export interface Site {
  url: string
  stop: () => Promise<void>
}

/**
 * Starts a site whose every path is the same page: the stub, the script tag of the collector, and `script`.
 *
 * @param collectorUrl where `/millrace.js` comes from and events go to
 * @param script what the page itself runs
 */
export async function startSite(collectorUrl: string, script = ''): Promise<Site> {
  const stub = await readFile(join(ROOT, 'sdk-web/dist/stub.js'), 'utf8')
  const html = `<!doctype html><title>A site</title><script>${stub}</script>
<script async src="${collectorUrl}/millrace.js" data-write-key="dev"></script>
<h1>A site</h1><script>${script}</script>`
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://localhost:${port}`,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
