import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { createMillrace, readBrowserIdentity } from '@millrace/node'

const { MILLRACE_ENDPOINT: endpoint, MILLRACE_WRITE_KEY: writeKey, PORT = '3000' } = process.env

const millrace = createMillrace({ endpoint, writeKey })

const server = createServer((request, response) => {
  if (request.method === 'POST') {
    // The id in the collector's cookie, which is the one that the browser's events are stored under.
    const { anonymousId = randomUUID() } = readBrowserIdentity(request, { identityCookie: 'millrace_id' })
    millrace.track({ anonymousId, event: 'Book Reserved', properties: { isbn: '9780141439600' } })
    response.writeHead(303, { location: '/reserved' }).end()
  } else {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    response.end(request.url === '/reserved' ? page(RESERVED) : page(OFFER))
  }
})

const OFFER = `<p>One copy left: <em>A Tale of Two Cities</em>, cloth, £9.99.</p>
<form method="post"><button>Keep it for me</button></form>`

const RESERVED = `<p>It is under the counter until Saturday.</p>
<p><a href="/">Back to the shelf</a></p>`

const page = (content) => `<!doctype html>
<html lang="en">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The Lamplight Bookshop</title>
<link rel="icon" href="data:,">
<style>
  body { max-width: 32rem; margin: 12vh auto; padding: 0 1.5rem; color: #23233a; background: #f6f4ee; font: 18px/1.6 Georgia, serif; }
  button { padding: 0.6rem 1.1rem; font: inherit; color: #fff; background: #37376b; border: 0; border-radius: 0.5rem; cursor: pointer; }
</style>
<script async src="${endpoint}/millrace.js" data-write-key="${writeKey}" data-auto-page></script>
<h1>The Lamplight Bookshop</h1>
${content}
</html>`

server.listen(Number(PORT), () => {
  console.log(`http://localhost:${PORT}`)
})
