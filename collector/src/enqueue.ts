/** Puts envelopes on the queue and says when they are durable: resolves only after every send has resolved. */

import { groupForSending } from '@millrace/schemas'
import { startDeadline } from './deadline.ts'

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

/**
 * A function that sends the envelopes of one request. It rejects when any send failed or all together took too long; what
 * was sent by then may be stored, which is fine because every event has one id for life.
 */
export function createEnqueue({
  queue,
  timeoutMs = SEND_TIMEOUT_MS,
}: EnqueueOptions): (texts: string[]) => Promise<void> {
  return async (texts) => {
    // One for the whole request: a deadline for each send would add up to more than a client waits.
    const deadline = startDeadline('the queue', timeoutMs)
    try {
      for (const group of groupTexts(texts)) await Promise.race([send(queue, group), deadline.passed])
    } finally {
      deadline.clear()
    }
  }
}

type Message = { body: string; contentType: 'text' }

function groupTexts(texts: readonly string[]): Message[][] {
  const messages = texts.map((body): Message => ({ body, contentType: 'text' }))
  // Almost every request is one message, whose bytes need no counting.
  return messages.length === 1 ? [messages] : groupForSending(messages)
}

function send(queue: EventQueue, group: Message[]): Promise<unknown> {
  const [only] = group
  return only !== undefined && group.length === 1
    ? queue.send(only.body, { contentType: 'text' })
    : queue.sendBatch(group)
}
