/** Makes envelopes durable: on the queue, or, when that is refused or takes too long, in the bucket's `spill/`. */

import type { EnvelopesInfo, SampledLog } from '@millrace/schemas'

/** Where a request's envelopes went. */
export type Durability = 'queued' | 'spilled'

/** What {@link createMakeDurable} needs. */
export interface DurableEffects {
  /** Resolves when the queue has all texts; rejects when it may not. */
  enqueue: (texts: string[]) => Promise<void>
  /** Resolves when the texts are in the bucket; rejects when they may not be. */
  spill: (texts: string[], about?: EnvelopesInfo) => Promise<void>
  /** Milliseconds. */
  now: () => number
  log: (record: Record<string, unknown>) => void
  /** Says what was spilled; that the queue failed is said always. Default: it is not. */
  logSampled?: SampledLog | undefined
  /** How long the spill is asked before the queue after a send that failed, in milliseconds. Default 5,000. */
  pauseMs?: number
}

/**
 * After a failed send, requests go to the spill first for this long: each would otherwise wait for its own timeout while
 * hundreds of others pile up behind it.
 */
const PAUSE_MS = 5_000

/**
 * A function that resolves when the envelopes of one request are durable. What was sent before a failure is spilled with
 * the rest: it may land twice, which is fine because every event has one id for life. Each of the two is asked at most
 * once, so that a request waits for both timeouts and no more.
 *
 * @throws when neither took them; the client must then send the batch again
 */
export function createMakeDurable({
  enqueue,
  spill,
  now,
  log,
  logSampled,
  pauseMs = PAUSE_MS,
}: DurableEffects): (texts: string[], about?: EnvelopesInfo) => Promise<Durability> {
  let pausedUntil = 0
  const tryQueue = async (texts: string[]) => {
    try {
      await enqueue(texts)
      pausedUntil = 0
      return true
    } catch (error) {
      pausedUntil = now() + pauseMs
      log({ level: 'error', event: 'enqueue_failed', error: String(error) })
      return false
    }
  }
  return async (texts, about) => {
    if (texts.length === 0) return 'queued'
    const isPaused = now() < pausedUntil
    if (!isPaused && (await tryQueue(texts))) return 'queued'
    try {
      await spill(texts, about)
      const record = { level: 'warn', event: 'envelopes_spilled', source: about?.source ?? '' }
      logSampled?.(batchIdOf(texts[0] ?? ''), { ...record, envelopes: texts.length })
      return 'spilled'
    } catch (error) {
      // The queue may be well again before the pause is over, and is now the only one left to ask.
      if (isPaused && (await tryQueue(texts))) return 'queued'
      throw error
    }
  }
}

/** Sought in the text, because only here is it wanted again. Where it is not found, the text itself decides what is sampled. */
function batchIdOf(text: string): string {
  const [, quoted] = /"batchId":("(?:[^"\\]|\\.)*")/.exec(text) ?? []
  return quoted === undefined ? text : (JSON.parse(quoted) as string)
}
