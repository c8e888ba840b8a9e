/** Stands for the queue: takes what the queue binding posts and answers at once, on a core of its own. */

import { createServer, type Socket } from 'node:net'
import { createMessageReader } from './http-messages.ts'

/** What the queue binding expects as an answer. Source: miniflare's queue broker. */
const BODY = '{"metadata":{"metrics":{"backlogCount":0,"backlogBytes":0,"oldestMessageTimestamp":0}}}'

const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
)

/** A listening sink. */
export interface Sink {
  port: number
  /** Messages and batches of messages taken so far. */
  takenCount: () => number
}

/** Starts a sink on a free port of loopback; it lives as long as the process. */
export function startSink(): Promise<Sink> {
  let taken = 0
  const serve = (socket: Socket) => {
    socket.setNoDelay(true)
    const read = createMessageReader('skip', () => {
      taken++
      socket.write(ANSWER)
    })
    socket.on('data', read)
    // workerd resets its connections when it is ended.
    socket.on('error', () => socket.destroy())
  }
  const server = createServer(serve)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') return reject(new Error('the sink has no port'))
      resolve({ port: address.port, takenCount: () => taken })
    })
  })
}
