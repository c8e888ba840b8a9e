/** Puts envelopes on the queue and says when they are durable: resolves only after every send has resolved. */

import { byteLength } from '@millrace/schemas'

/** What is needed of Cloudflare's queue binding. */
export interface EventQueue {
  send: (body: string, options: { contentType: 'text' }) => Promise<unknown>
  sendBatch: (messages: { body: string; contentType: 'text' }[]) => Promise<unknown>
}

/** Options of {@link createEnqueue}. */
export interface EnqueueOptions {
  queue: EventQueue
  /** How long a send may take before it is given up; it may land all the same. Default 5,000. */
  timeoutMs?: number
}

/** Default of {@link EnqueueOptions.timeoutMs}. Source: DESIGN section 2. */
const SEND_TIMEOUT_MS = 5_000

/** Most bytes of one `sendBatch`: 256 KB less what the platform adds. Source: Cloudflare Queues limits, November 2026. */
const MAX_SEND_BYTES = 240_000

/** Most messages of one `sendBatch`. Source: as above. */
const MAX_SEND_MESSAGES = 100

/**
 * A function that sends the envelopes of one request. It rejects when any send failed or took too long; what was sent
 * by then may be stored, which is fine because every event has one id for life.
 */
export function createEnqueue({
  queue,
  timeoutMs = SEND_TIMEOUT_MS,
}: EnqueueOptions): (texts: string[]) => Promise<void> {
  return async (texts) => {
    for (const group of groupForSending(texts)) {
      const [only] = group
      const sending =
        only !== undefined && group.length === 1
          ? queue.send(only, { contentType: 'text' })
          : queue.sendBatch(group.map((body) => ({ body, contentType: 'text' })))
      await withTimeout(sending, timeoutMs)
    }
  }
}

function groupForSending(texts: string[]): string[][] {
  // Almost every request is one message, whose bytes need no counting.
  if (texts.length === 1) return [texts]
  const groups: string[][] = []
  let bytes = 0
  for (const text of texts) {
    const size = byteLength(text)
    const last = groups.at(-1)
    if (last === undefined || bytes + size > MAX_SEND_BYTES || last.length === MAX_SEND_MESSAGES) {
      groups.push([text])
      bytes = size
    } else {
      last.push(text)
      bytes += size
    }
  }
  return groups
}

function withTimeout(sending: Promise<unknown>, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new Error(`the queue did not answer within ${timeoutMs} ms`))
    const timer = setTimeout(giveUp, timeoutMs)
    sending.then(
      () => {
        clearTimeout(timer)
        resolve()
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
