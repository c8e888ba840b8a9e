import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const { OPS_WEBHOOK_SECRET: secret = '', PORT = '9700' } = process.env

const MAX_AGE_SECONDS = 300

const server = createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks).toString()
  if (!isGenuine(request.headers, body)) {
    response.writeHead(401).end()
    return
  }
  response.writeHead(204).end()
  const { type, data } = JSON.parse(body)
  console.log(`${type} ${data.source} ${data.title} ${data.key}: ${data.message}`)
})

/** Whether Millrace sent it, and lately: https://www.standardwebhooks.com */
function isGenuine(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures = '' } = headers
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) < MAX_AGE_SECONDS)) return false
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret)
  const digest = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  const expected = Buffer.from(`v1,${digest}`)
  return signatures.split(' ').some((one) => {
    const given = Buffer.from(one)
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${PORT}`)
})
