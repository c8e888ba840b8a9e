/** Lets one run at a time work on the lake. Two at once would not break it, but do the same work twice. */

import type { LakeBucket, StoredContent } from './bucket.ts'

/** Where it is written down who works. */
export const LEASE_KEY = 'parts/_publishing.json'

/** A run that began so long ago was cut off; one that is alive has stopped by then. In milliseconds. */
export const LEASE_MS = 5 * 60_000

/** R2 takes one write a second for each key; somewhat more, because the clocks are two. Source: DESIGN section 6. */
export const KEY_INTERVAL_MS = 1_100

/** What a lease needs. */
export interface LeaseEffects {
  bucket: Pick<LakeBucket, 'get' | 'put'>
  /** Milliseconds since 1970. */
  now: () => number
  sleep: (ms: number) => Promise<void>
  randomId: () => string
}

/**
 * Runs `work` if nobody else does, and gives what it gives; `undefined` when somebody does. The lease is given back also
 * when the work fails.
 */
export async function withLease<T>(
  { bucket, now, sleep, randomId }: LeaseEffects,
  work: () => Promise<T>,
): Promise<T | undefined> {
  const found = (await bucket.get(LEASE_KEY)) as StoredContent | null
  if (found !== null && readUntil(await found.text()) > now()) return undefined
  const onlyIf = found === null ? { etagDoesNotMatch: '*' } : { etagMatches: found.etag }
  const held = await bucket.put(LEASE_KEY, write(randomId(), now() + LEASE_MS), { onlyIf })
  if (held === null) return undefined
  const heldAt = now()
  try {
    return await work()
  } finally {
    await sleep(Math.max(0, heldAt + KEY_INTERVAL_MS - now()))
    // Not when somebody has taken it over by then.
    await bucket.put(LEASE_KEY, write(randomId(), 0), { onlyIf: { etagMatches: held.etag } })
  }
}

function write(id: string, until: number): string {
  return JSON.stringify({ id, until })
}

/** A lease that cannot be read holds nobody up. */
function readUntil(text: string): number {
  try {
    const { until } = JSON.parse(text) as { until?: unknown }
    return typeof until === 'number' ? until : 0
  } catch {
    return 0
  }
}
