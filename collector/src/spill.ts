/** Writes envelopes that the queue did not take to the bucket, where the cron finds them in order of age. */

/** What is needed of the R2 binding. */
export interface SpillBucket {
  put: (key: string, text: string) => Promise<unknown>
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

/** Prefix of the objects. Source: DESIGN section 7. */
export const SPILL_PREFIX = 'spill/'

/**
 * A request waits at most once for the queue, 5 s, and once for this: 9 s, under the 10 s after which `@millrace/node`
 * gives a request up; `@millrace/web` waits 15 s.
 */
const PUT_TIMEOUT_MS = 4_000

/** Digits of the time in a key, so that keys sort by it until the year 2286. */
const TIME_DIGITS = 13

/**
 * A function that writes the envelopes of one request as one object, `spill/<milliseconds>-<random>`: their texts, one a
 * line. JSON text holds no line feed of its own. Rejects when the object may not be there.
 */
export function createSpill({
  bucket,
  now,
  randomHex,
  timeoutMs = PUT_TIMEOUT_MS,
}: SpillOptions): (texts: string[]) => Promise<void> {
  return async (texts) => {
    const key = `${SPILL_PREFIX}${String(now()).padStart(TIME_DIGITS, '0')}-${randomHex()}`
    let timer: ReturnType<typeof setTimeout> | null = null
    try {
      const putting = bucket.put(key, texts.join('\n'))
      const givenUp = new Promise<never>((_, reject) => {
        const error = new Error(`the bucket did not answer within ${timeoutMs} ms`)
        timer = setTimeout(() => reject(error), timeoutMs)
      })
      await Promise.race([putting, givenUp])
    } finally {
      clearTimeout(timer)
    }
  }
}
