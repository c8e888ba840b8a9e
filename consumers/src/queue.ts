/** What the handlers need of Cloudflare Queues, and of the world around them. */

import { decideDelaySeconds } from './delivery.ts'
import type { Delivery, SinkName } from './sink.ts'

/** A message of a batch. The first `ack` or `retry` on it wins. */
export interface QueueMessage {
  id: string
  body: unknown
  /** How often it was delivered, from 1. */
  attempts: number
  timestamp: Date
  ack: () => void
  retry: (options?: { delaySeconds: number }) => void
}

/** A queue to send to. */
export interface OutgoingQueue {
  send: (body: string, options: { contentType: 'text'; delaySeconds?: number }) => Promise<unknown>
}

/** Effects that all handlers share. */
export interface HandlerEffects {
  /** From 0 up to 1. */
  random: () => number
  /** Takes one structured line; never a payload or a key. */
  log: (record: Record<string, unknown>) => void
  /** Takes how many deliveries of each source failed in a sink just now. Never rejects. Default: nobody is told. */
  noteFailures?: (sink: SinkName, bySource: ReadonlyMap<string, number>) => Promise<void>
  /** Default {@link SEND_TIMEOUT_MS}. */
  sendTimeoutMs?: number
}

/**
 * How long a send to a queue, or a write to the bucket in its place, may take. One that hangs would keep the whole batch until the
 * platform ends it after 15 minutes; one that lands after all is a copy more, which changes nothing.
 */
export const SEND_TIMEOUT_MS = 10_000

/** Counts deliveries by their source. */
export function countBySource(deliveries: readonly Delivery[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { envelope } of deliveries) counts.set(envelope.source, (counts.get(envelope.source) ?? 0) + 1)
  return counts
}

/** A body as text, whatever it was sent as. */
export function bodyText(body: unknown): string {
  return typeof body === 'string' ? body : (JSON.stringify(body) ?? '')
}

/**
 * Puts a message off that was written by a newer Worker than this one: deploys overlap, and soon a Worker that reads it
 * is there. It is told once a delivery; after the queue's 100 tries, about a day, it is among the dead letters.
 */
export function waitForDeploy({ random, log }: HandlerEffects, message: QueueMessage, why: string): void {
  const delaySeconds = decideDelaySeconds(message.attempts, random())
  log({ level: 'warn', event: 'newer_message', messageId: message.id, delaySeconds, why })
  message.retry({ delaySeconds })
}
