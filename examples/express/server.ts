import { randomUUID } from 'node:crypto'
import { createMillrace, type MillraceChild } from '@millrace/node'
import { millrace } from '@millrace/node/express'
import express from 'express'

declare global {
  namespace Express {
    interface Request {
      millrace: MillraceChild
    }
  }
}

const { MILLRACE_ENDPOINT: endpoint = '', MILLRACE_WRITE_KEY: writeKey = '', PORT = '3000' } = process.env

/** Events lie in this folder until the collector has them. Killed, crashed, deployed anew: the next start sends them. */
const client = createMillrace({ endpoint, writeKey, spool: 'spool' })

const app = express()

// Gives each request a client that knows its visitor, and records each request to a route as `API Request`. Who has no
// cookie, because a blocker or a script ordered, is somebody new.
app.use(millrace(client, { api: true, anonymous: () => randomUUID() }))

app.post('/orders', (req, res) => {
  const order = { order_id: randomUUID(), product_id: 'guji-washed', total: 14.5, currency: 'EUR' }
  req.millrace.track({ event: 'Order Completed', properties: order })
  res.status(201).json(order)
})

app.get('/', (_req, res) => {
  res.send(page)
})

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Quayside Coffee</title>
<link rel="icon" href="data:,">
<style>
  body { max-width: 32rem; margin: 12vh auto; padding: 0 1.5rem; color: #2a211c; background: #f5efe8; font: 18px/1.6 system-ui, sans-serif; }
  button { padding: 0.6rem 1.1rem; font: inherit; color: #fff; background: #6b3e26; border: 0; border-radius: 0.5rem; cursor: pointer; }
</style>
<script async src="${endpoint}/millrace.js" data-write-key="${writeKey}" data-auto-page></script>
<h1>Guji, washed</h1>
<p>Jasmine, peach, a long finish. Roasted on Mondays, 250 grams, €14.50.</p>
<button>Order a bag</button>
<p role="status"></p>
<script>
  document.querySelector('button').addEventListener('click', async () => {
    const response = await fetch('/orders', { method: 'POST' })
    const { order_id } = await response.json()
    document.querySelector('[role=status]').textContent = 'Thank you. Your order is ' + order_id
  })
</script>
</html>`

app.listen(Number(PORT), () => {
  console.log(`http://localhost:${PORT}`)
})
