/**
 * Lets one run at a time work on the lake: two could give an hour different numbers of buckets. Beside it is kept what the
 * next run has to know of this one.
 */

import type { LakeBucket, StoredContent } from './bucket.ts'

/** Where it is written down who works. */
export const LEASE_KEY = 'parts/_publishing.json'

/** A run that began so long ago was cut off; one that is alive writes nothing any more by then. In milliseconds. */
export const LEASE_MS = 10 * 60_000

/** So long before its end a lease counts as lost: clocks differ, and a write takes its time. */
const MARGIN_MS = 60_000

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

/** What one run leaves to the next. */
export interface LakeState {
  /** Sources whose manifest may lack files that were written; `all` after a run that was cut off. */
  unclean: string[] | 'all'
  /** Day on which all manifests were last held to what is there, `2026-11-22`. */
  sweptOn: string
}

/** What a run knows of its lease. */
export interface Lease {
  /** Whether something may still be written. To be asked before each write. */
  isHeld: () => boolean
  /** As the run before has left it. */
  before: LakeState
}

/**
 * Runs `work` if nobody else does, and keeps the state that it gives for the next; a run that fails or is cut off leaves
 * everything unclean.
 *
 * @returns whether it ran
 */
export async function withLease(
  { bucket, now, sleep, randomId }: LeaseEffects,
  work: (lease: Lease) => Promise<LakeState>,
): Promise<boolean> {
  const found = (await bucket.get(LEASE_KEY)) as StoredContent | null
  const { until, ...last } = found === null ? NOBODY : readLease(await found.text())
  const heldAt = now()
  if (until > heldAt) return false
  const before: LakeState = until > 0 ? { ...last, unclean: 'all' } : last
  const onlyIf = found === null ? { etagDoesNotMatch: '*' } : { etagMatches: found.etag }
  const write = (until: number, state: LakeState) => JSON.stringify({ id: randomId(), until, ...state })
  const held = await bucket.put(LEASE_KEY, write(heldAt + LEASE_MS, before), { onlyIf })
  if (held === null) return false
  let after: LakeState = { ...before, unclean: 'all' }
  try {
    after = await work({ isHeld: () => now() < heldAt + LEASE_MS - MARGIN_MS, before })
  } finally {
    await sleep(Math.max(0, heldAt + KEY_INTERVAL_MS - now()))
    // Not when somebody has taken it over by then.
    await bucket.put(LEASE_KEY, write(0, after), { onlyIf: { etagMatches: held.etag } })
  }
  return true
}

const NOBODY = { until: 0, unclean: [] as string[], sweptOn: '' }

/** A lease that cannot be read holds nobody up. */
function readLease(text: string): LakeState & { until: number } {
  try {
    const { until, unclean, sweptOn } = JSON.parse(text) as Partial<LakeState & { until: number }>
    return {
      until: typeof until === 'number' ? until : 0,
      unclean: Array.isArray(unclean) ? unclean : 'all',
      sweptOn: typeof sweptOn === 'string' ? sweptOn : '',
    }
  } catch {
    return { ...NOBODY, unclean: 'all' }
  }
}
