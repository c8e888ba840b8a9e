/**
 * Entry of the recording collector's process: answers every SDK as its own server would, and counts. It is told by
 * messages what to be: there, gone (connections are refused), or cutting off (they are taken and closed at once).
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { decodeRequest } from '../sdk-web/decode-body.ts'
import { findEvents } from '../sdk-web/find-events.ts'
import { COLLECT_ANSWER } from '../sdk-web/settings.ts'
import { createCounts } from './counts.ts'
import type { Answer, Question } from './recorder.ts'

/** Connections that wait to be taken: more than Node's 511, as some SDKs open one for each event. */
const BACKLOG = 4_096

const counts = createCounts()
let cutOffCount = 0
let port = 0
let server: Server | undefined

const collector = createServer((request, response) => {
  void serve(request, response).catch(() => response.destroy())
})
collector.keepAliveTimeout = 60_000
const cutter = createTcpServer((socket: Socket) => {
  cutOffCount += 1
  socket.on('error', () => {})
  socket.destroy()
})

process.on('message', (question: Question) => {
  void answer(question).then((value) => process.send?.({ id: question.id, value } satisfies Answer))
})
process.on('disconnect', () => process.exit(0))

async function answer(question: Question): Promise<unknown> {
  if (question.ask === 'counts') return counts.of(question.run)
  if (question.ask === 'cut off count') return cutOffCount
  if (server !== undefined) await close(server)
  server = question.ask === 'accept' ? collector : question.ask === 'cut off' ? cutter : undefined
  if (server !== undefined) port = await listen(server)
  return port
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  const path = request.url ?? '/'
  const events = findEvents(decodeRequest({ path, encoding: request.headers['content-encoding'], body }))
  counts.add(events, body.byteLength, Date.now())
  response.writeHead(200, { 'content-type': 'application/json' })
  // Mixpanel's client takes nothing else for success.
  response.end(path.startsWith('/track?') ? '1' : JSON.stringify(COLLECT_ANSWER))
}

async function listen(one: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    one.once('error', reject)
    one.listen({ port, host: '127.0.0.1', backlog: BACKLOG }, resolve)
  })
  const address = one.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function close(one: Server): Promise<void> {
  const closed = new Promise((resolve) => one.close(resolve))
  if (one === collector) collector.closeAllConnections()
  await closed
}
