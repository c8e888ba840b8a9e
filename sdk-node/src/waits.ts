/** Waits of the caller: each holds the process for as long as it lasts. Knows nothing of what is waited for. */

import type { Cancel, Timers } from './timers.ts'

export interface Waits {
  /** Resolves with `done`, or when `timeoutMs` passed. */
  until(done: Promise<void>, timeoutMs?: number): Promise<void>
  /** Resolves when `open` is called next. */
  untilOpen(): Promise<void>
  /** Wakes those who wait for it. */
  open(): void
  /** Whether somebody waits, so that the process is held. */
  isHeld(): boolean
}

/** No waits yet. `onWait` is called at the beginning of each. */
export function createWaits({ timers, onWait }: { timers: Timers; onWait: () => void }): Waits {
  let count = 0
  const closed = new Set<() => void>()

  async function until(done: Promise<void>, timeoutMs?: number): Promise<void> {
    // First of all, so that what waits is sent even where a timer cannot be set.
    onWait()
    const release = timers.hold()
    let cancel: Cancel | undefined
    count += 1
    // And now that it is known that somebody waits, lanes that pause go on.
    onWait()
    try {
      if (timeoutMs === undefined || timeoutMs === Number.POSITIVE_INFINITY) return await done
      const timeUp = new Promise<void>((resolve) => {
        cancel = timers.after(timeoutMs, resolve)
      })
      await Promise.race([done, timeUp])
    } finally {
      count -= 1
      cancel?.()
      release()
    }
  }

  return {
    until,
    untilOpen: () => until(new Promise<void>((resolve) => void closed.add(resolve))),
    open() {
      for (const wake of closed) wake()
      closed.clear()
    },
    isHeld: () => count > 0,
  }
}
