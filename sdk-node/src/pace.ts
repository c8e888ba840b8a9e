/**
 * When requests may begin: one circuit breaker for all lanes. After three failures in a row nothing is sent for a while,
 * then one lane alone tries; the first success opens the way for all. What the collector asked for holds besides. Leaves to
 * the retry policy what a failure is.
 */

import type { Stop } from './stop.ts'
import type { Cancel, Timers } from './timers.ts'

/** Failures in a row, of all lanes together, after which the breaker opens. */
const FAILURES_TO_OPEN = 3

/**
 * Longest time in milliseconds that the breaker stays open, the first time and each later one; the shortest is half of it,
 * at random, so that many servers do not come back together. So one lane makes at most five requests in the first minute
 * of an outage, and at most two in each later one.
 */
const OPEN_MS = [30_000, 60_000] as const

/** A `Retry-After` below this many milliseconds is left to the batch: a loop of hasty answers would never end. */
const MIN_ASKED_MS = 1_000

/** How a request ended: with an answer that settles it, with one that may change, or cut off by ourselves. */
export type RequestEnd = 'success' | 'failure' | 'cut'

/**
 * Says how the request ended. `askedMs` is how long the collector asked to wait; nothing when it did not.
 *
 * @returns milliseconds until the next request may begin
 */
export type EndRequest = (how: RequestEnd, askedMs?: number) => number

export interface Pace {
  /** Resolves when a request may begin, with what is to be called when it has ended; with nothing when all is stopped. */
  begin(): Promise<EndRequest | undefined>
  /** Resolves after `delayMs`, when all is stopped, or when there is a hurry and `mayHurry`. */
  rest(delayMs: number, mayHurry: boolean): Promise<void>
  /** Ends every wait of our own once, because this may be the last chance; what the collector asked for is kept. */
  hurry(): void
  /** Whether so many requests have failed in a row that the breaker is open. */
  isBroken(): boolean
  /** Milliseconds until the next request begins, when every lane rests; 0 when one is under way, or none has anything. */
  idleMs(): number
}

export interface PaceOptions {
  now: () => number
  random: () => number
  timers: Timers
  stop: Stop
  /** A lane has begun to rest, or a request has ended. */
  onRest?: () => void
}

interface Sleeper {
  /** Milliseconds since the epoch; infinite for one that waits for another lane. */
  untilMs: number
  mayHurry: boolean
  wake: () => void
}

/** A time before which nothing begins. A clock that was set back must not make it longer than it was meant to be. */
interface Barrier {
  untilMs: number
  forMs: number
}

/** A pace in which nothing has failed. */
export function createPace({ now, random, timers, stop, onRest = () => {} }: PaceOptions): Pace {
  let failures = 0
  let isTrying = false
  let openCount = 0
  /** Ours, and the collector's. */
  const breaker: Barrier = { untilMs: 0, forMs: 0 }
  const asked: Barrier = { untilMs: 0, forMs: 0 }
  const sleepers = new Set<Sleeper>()

  const leftOf = ({ untilMs, forMs }: Barrier) => Math.max(0, Math.min(untilMs - now(), forMs))

  function raise(barrier: Barrier, forMs: number): void {
    const untilMs = now() + Math.round(forMs)
    if (untilMs <= barrier.untilMs) return
    barrier.untilMs = untilMs
    barrier.forMs = Math.round(forMs)
  }

  function lift(barrier: Barrier): void {
    barrier.untilMs = 0
  }

  function wakeAll(isHurry: boolean): void {
    for (const sleeper of [...sleepers]) if (!isHurry || sleeper.mayHurry) sleeper.wake()
  }

  function rest(delayMs: number, mayHurry: boolean): Promise<void> {
    return new Promise((resolve) => {
      let cancel: Cancel | undefined
      const sleeper = { untilMs: now() + delayMs, mayHurry, wake }
      sleepers.add(sleeper)
      if (delayMs !== Number.POSITIVE_INFINITY) cancel = timers.after(delayMs, wake)
      const off = stop.onStop(wake)
      if (!stop.isStopped()) onRest()
      function wake(): void {
        cancel?.()
        sleepers.delete(sleeper)
        off?.()
        resolve()
      }
    })
  }

  async function restUntilOpen(barrier: Barrier): Promise<void> {
    const { untilMs } = barrier
    await rest(leftOf(barrier), barrier === breaker)
    // Waited for by the timer, whatever the clock says by now.
    if (barrier.untilMs === untilMs) lift(barrier)
  }

  function end(how: RequestEnd, askedMs: number | undefined): number {
    openCount -= 1
    onRest()
    if (how === 'success') {
      const wasOpen = failures >= FAILURES_TO_OPEN
      failures = 0
      lift(breaker)
      // Only then: a batch that fails alone must not be tried again with each success of the others.
      if (wasOpen) wakeAll(true)
    }
    if (how !== 'failure') return 0
    failures += 1
    if (askedMs !== undefined && askedMs >= MIN_ASKED_MS) raise(asked, askedMs)
    else if (failures >= FAILURES_TO_OPEN) raise(breaker, openMs(failures, random()))
    return Math.max(leftOf(breaker), leftOf(asked))
  }

  function endTrying(how: RequestEnd, askedMs: number | undefined): number {
    isTrying = false
    const delayMs = end(how, askedMs)
    // Whoever waited for the outcome of this one looks again.
    for (const sleeper of [...sleepers]) if (sleeper.untilMs === Number.POSITIVE_INFINITY) sleeper.wake()
    return delayMs
  }

  return {
    async begin() {
      while (!stop.isStopped()) {
        if (leftOf(asked) > 0) await restUntilOpen(asked)
        else if (leftOf(breaker) > 0) await restUntilOpen(breaker)
        else if (failures >= FAILURES_TO_OPEN && isTrying) await rest(Number.POSITIVE_INFINITY, false)
        else {
          openCount += 1
          if (failures < FAILURES_TO_OPEN) return once(end)
          isTrying = true
          return once(endTrying)
        }
      }
      return undefined
    },
    rest,
    hurry() {
      lift(breaker)
      wakeAll(true)
    },
    isBroken: () => failures >= FAILURES_TO_OPEN,
    idleMs() {
      if (openCount > 0 || sleepers.size === 0) return 0
      return Math.max(0, Math.min(...[...sleepers].map(({ untilMs }) => untilMs)) - now())
    },
  }
}

/** A request ends once, however often it is said. */
function once(end: (how: RequestEnd, askedMs: number | undefined) => number): EndRequest {
  let isEnded = false
  return (how, askedMs) => {
    if (isEnded) return 0
    isEnded = true
    return end(how, askedMs)
  }
}

function openMs(failures: number, random: number): number {
  const longest = failures === FAILURES_TO_OPEN ? OPEN_MS[0] : OPEN_MS[1]
  return (longest / 2) * (1 + random)
}
