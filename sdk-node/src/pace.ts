/**
 * When requests may begin: one circuit breaker for all lanes. After three failures in a row nothing is sent for a while,
 * then one lane alone tries; the first success opens the way for all. Leaves to the retry policy what a failure is.
 */

import type { Cancel, Timers } from './timers.ts'

/** Failures in a row, of all lanes together, after which the breaker opens. */
const FAILURES_TO_OPEN = 3

/**
 * Longest time in milliseconds that the breaker stays open, the first time and each later one; the shortest is half of it,
 * at random, so that many servers do not come back together. So one lane makes at most five requests in the first minute
 * of an outage, and at most two in each later one.
 */
const OPEN_MS = [30_000, 60_000] as const

/** A `Retry-After` below this many milliseconds does not shorten the breaker: a loop of hasty answers would never end. */
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
  /** Resolves when a request may begin, with what is to be called when it has ended; with nothing when `signal` is aborted. */
  begin(signal: AbortSignal): Promise<EndRequest | undefined>
  /** Resolves after `delayMs`, when `signal` is aborted, or when there is a hurry and `mayHurry`. */
  rest(delayMs: number, signal: AbortSignal, mayHurry: boolean): Promise<void>
  /** Ends every wait of our own once, because this may be the last chance; what the collector asked for is kept. */
  hurry(): void
}

/** A pace in which nothing has failed. */
export function createPace({
  now,
  random,
  timers,
}: {
  now: () => number
  random: () => number
  timers: Timers
}): Pace {
  let failures = 0
  /** Milliseconds since the epoch until which nothing begins, and how long that was when it was set. */
  let closedUntil = 0
  let closedForMs = 0
  let isAsked = false
  let isTrying = false
  const sleepers = new Set<{ wake: () => void; mayHurry: boolean }>()

  // A clock that was set back must not make a wait longer than it was meant to be.
  const waitMs = () => Math.max(0, Math.min(closedUntil - now(), closedForMs))

  function close(forMs: number): number {
    closedForMs = Math.round(forMs)
    closedUntil = now() + closedForMs
    return closedForMs
  }

  async function restUntilOpen(wait: number, signal: AbortSignal): Promise<void> {
    const until = closedUntil
    await rest(wait, signal, !isAsked)
    // Waited for by the timer, whatever the clock says by now.
    if (closedUntil === until) closedUntil = 0
  }

  function wakeAll(isHurry: boolean): void {
    for (const sleeper of [...sleepers]) if (!isHurry || sleeper.mayHurry) sleeper.wake()
  }

  function rest(delayMs: number, signal: AbortSignal, mayHurry: boolean): Promise<void> {
    return new Promise((resolve) => {
      let cancel: Cancel | undefined
      const sleeper = { mayHurry, wake }
      function wake(): void {
        cancel?.()
        sleepers.delete(sleeper)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      if (delayMs !== Number.POSITIVE_INFINITY) cancel = timers.after(delayMs, wake)
      sleepers.add(sleeper)
      signal.addEventListener('abort', wake)
      if (signal.aborted) wake()
    })
  }

  function end(how: RequestEnd, askedMs: number | undefined): number {
    if (how === 'cut') return 0
    if (how === 'success') {
      const wasOpen = failures >= FAILURES_TO_OPEN
      failures = 0
      closedUntil = 0
      // Only then: a batch that fails alone must not be tried again with each success of the others.
      if (wasOpen) wakeAll(false)
      return 0
    }
    failures += 1
    isAsked = askedMs !== undefined && askedMs >= MIN_ASKED_MS
    if (isAsked) return close(askedMs as number)
    return failures < FAILURES_TO_OPEN ? 0 : close(openMs(failures, random()))
  }

  return {
    async begin(signal) {
      while (!signal.aborted) {
        const wait = waitMs()
        if (wait > 0) await restUntilOpen(wait, signal)
        else if (failures < FAILURES_TO_OPEN) return end
        else if (isTrying) await rest(Number.POSITIVE_INFINITY, signal, false)
        else {
          isTrying = true
          return (how, askedMs) => {
            isTrying = false
            const delayMs = end(how, askedMs)
            // Whoever waited for the outcome of this one looks again.
            wakeAll(false)
            return delayMs
          }
        }
      }
      return undefined
    },
    rest,
    hurry() {
      if (!isAsked) closedUntil = 0
      wakeAll(true)
    },
  }
}

function openMs(failures: number, random: number): number {
  const longest = failures === FAILURES_TO_OPEN ? OPEN_MS[0] : OPEN_MS[1]
  return (longest / 2) * (1 + random)
}
