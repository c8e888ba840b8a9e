/** The end of a run: everything is delivered, and the books are closed. */

import { type Books, closeBooks, countAll, findUnstored } from './books/compare.ts'
import { readFound } from './books/stored.ts'
import type { RateSearch } from './find-rate.ts'
import { heldBy, type Soak } from './soak.ts'

/** What is left in the end. */
export interface Settled {
  books: Books
  /** Events that clients hold, counted where they keep them. */
  waiting: number
  /** Seconds until all was delivered by clients, and until nothing changed any more in ClickHouse. */
  deliveredSeconds: number
  storedSeconds: number
}

/** Time for clients to deliver what they have: longer than a breaker of theirs stays open. */
const FINISH_MS = 120_000

/** What nothing changes for so long will not change: retries of the queue come sooner. */
const STILL_MS = 60_000

/** In any case it ends. */
const MAX_MS = 600_000

const LOOK_MS = 2_000

/** Has clients finish, waits for the queue, and compares. */
export async function settle({ stack, fleet, sampler, report }: RateSearch, soak: Soak): Promise<Settled> {
  sampler.setPhase('end')
  const startedAt = Date.now()
  fleet.setRate(0)
  report('clients deliver what they have')
  const waiting = await fleet.finish(FINISH_MS)
  const deliveredSeconds = (Date.now() - startedAt) / 1_000
  const issued = fleet.issued()
  const held = heldBy(soak.faults)
  let found = await readFound(stack.query)
  let left = Number.POSITIVE_INFINITY
  let changedAt = Date.now()
  for (const endsAt = Date.now() + MAX_MS; Date.now() < endsAt; ) {
    found = await readFound(stack.query)
    const now = countAll(findUnstored(issued, found))
    if (now < left) changedAt = Date.now()
    left = now
    // What a crash took is not waited for, unless it turns out to come.
    const expected = countAll(held)
    if (left === 0 || (left <= expected && Date.now() - changedAt > LOOK_MS * 5)) break
    if (Date.now() - changedAt > STILL_MS) break
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  const storedSeconds = (changedAt - startedAt) / 1_000
  return { books: closeBooks(issued, found, held), waiting, deliveredSeconds, storedSeconds }
}
