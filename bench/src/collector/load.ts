/** Sends requests over kept connections, one under way on each, until the time is up. */

import { connect, type Socket } from 'node:net'
import { createMessageReader } from './http-messages.ts'

/** What to send, where and for how long. */
export interface LoadOptions {
  port: number
  /** Whole requests, sent in turn. */
  requests: readonly Buffer[]
  connectionCount: number
  durationMs: number
}

/** What was answered. */
export interface LoadResult {
  answeredCount: number
  seconds: number
}

/** The answer to a batch all of whose events were plainly accepted. */
const ALL_ACCEPTED = '{"success":true}'

/**
 * Runs the load.
 *
 * @throws {Error} when an answer is anything but that all events were accepted: then it is not this that is measured
 */
export async function runLoad({
  port,
  requests,
  connectionCount,
  durationMs,
}: LoadOptions): Promise<LoadResult> {
  const startedAt = performance.now()
  const endsAt = startedAt + durationMs
  let next = 0
  let answeredCount = 0
  const nextRequest = () => {
    if (performance.now() >= endsAt) return undefined
    return requests[next++ % requests.length]
  }
  const lane = () => runLane(port, nextRequest, () => answeredCount++)
  await Promise.all(Array.from({ length: connectionCount }, lane))
  return { answeredCount, seconds: (performance.now() - startedAt) / 1_000 }
}

function runLane(port: number, nextRequest: () => Buffer | undefined, onAnswer: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const sendNext = () => {
      const request = nextRequest()
      if (request !== undefined) return void socket.write(request)
      socket.end()
      resolve()
    }
    const fail = (error: Error) => {
      socket.destroy()
      reject(error)
    }
    const read = createMessageReader('keep', (head, body) => {
      const answer = body.toString()
      if (!head.startsWith('HTTP/1.1 200 ') || answer !== ALL_ACCEPTED) {
        return fail(new Error(`expected ${ALL_ACCEPTED}, got ${head.slice(0, 20)} ${answer.slice(0, 300)}`))
      }
      onAnswer()
      sendNext()
    })
    socket.on('connect', sendNext)
    socket.on('data', read)
    socket.on('error', fail)
    socket.on('close', () => reject(new Error('the Worker closed a connection')))
  })
}
