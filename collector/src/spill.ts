/** Writes envelopes that the queue did not take to the bucket, where the cron finds them in order of age. */

import { describeEvents, type EnvelopesInfo, joinSpilled, spillKey } from '@millrace/schemas'
import { startDeadline } from './deadline.ts'

/** What is needed of the R2 binding. */
export interface SpillBucket {
  put: (key: string, text: string, options: { customMetadata: Record<string, string> }) => Promise<unknown>
}

/** Options of {@link createSpill}. */
export interface SpillOptions {
  bucket: SpillBucket
  /** Our clock, milliseconds since 1970. */
  now: () => number
  /** 16 hex digits that are not given out twice. */
  randomHex: () => string
  /** How long a write may take before it counts as failed, in milliseconds. Default 4,000. */
  timeoutMs?: number
}

/**
 * A request waits at most once for the queue, 5 s, and once for this: 9 s, under the 10 s after which `@millrace/node`
 * gives a request up; `@millrace/web` waits 15 s.
 */
const PUT_TIMEOUT_MS = 4_000

/**
 * A function that writes the envelopes of one request as one object, whose metadata says how many events are in it. Rejects
 * when it may not be there.
 */
export function createSpill({
  bucket,
  now,
  randomHex,
  timeoutMs = PUT_TIMEOUT_MS,
}: SpillOptions): (texts: string[], about?: EnvelopesInfo) => Promise<void> {
  return async (texts, about) => {
    const deadline = startDeadline('the bucket', timeoutMs)
    try {
      const key = spillKey(now(), randomHex())
      const putting = bucket.put(key, joinSpilled(texts), { customMetadata: describeEvents(about) })
      await Promise.race([putting, deadline.passed])
    } finally {
      deadline.clear()
    }
  }
}
