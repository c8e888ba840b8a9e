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
  /**
   * How long all sends of one request may take together, in milliseconds, before they are given up; the one under way may
   * land all the same. Default 5,000.
   */
  timeoutMs?: number
}

/** Default of {@link EnqueueOptions.timeoutMs}. Source: DESIGN section 2. */
const SEND_TIMEOUT_MS = 5_000

/** Most bytes of one `sendBatch`: 256 KB less what the platform adds. Source: Cloudflare Queues limits, November 2026. */
const MAX_SEND_BYTES = 240_000

/** Most messages of one `sendBatch`. Source: as above. */
const MAX_SEND_MESSAGES = 100

/**
 * A function that sends the envelopes of one request. It rejects when any send failed or all together took too long; what
 * was sent by then may be stored, which is fine because every event has one id for life.
 */
export function createEnqueue({
  queue,
  timeoutMs = SEND_TIMEOUT_MS,
}: EnqueueOptions): (texts: string[]) => Promise<void> {
  return async (texts) => {
    const deadline = startDeadline(timeoutMs)
    try {
      for (const group of groupForSending(texts)) await Promise.race([send(queue, group), deadline.passed])
    } finally {
      deadline.clear()
    }
  }
}

function send(queue: EventQueue, group: string[]): Promise<unknown> {
  const [only] = group
  return only !== undefined && group.length === 1
    ? queue.send(only, { contentType: 'text' })
    : queue.sendBatch(group.map((body) => ({ body, contentType: 'text' })))
}

/** One for the whole request: a deadline for each send would add up to more than a client waits. */
function startDeadline(timeoutMs: number): { passed: Promise<never>; clear: () => void } {
  let timer: ReturnType<typeof setTimeout> | null = null
  const passed = new Promise<never>((_, reject) => {
    const giveUp = () => reject(new Error(`the queue did not answer within ${timeoutMs} ms`))
    timer = setTimeout(giveUp, timeoutMs)
  })
  return { passed, clear: () => clearTimeout(timer) }
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
