/** Timers that never hold the process, and holds that do. Leaves to others when to use which. */

/** Longest delay that `setTimeout` takes, in milliseconds (a signed 32-bit integer): 24.8 days. */
const MAX_DELAY_MS = 2 ** 31 - 1

export interface TimerEffects {
  setTimeout: (callback: () => void, delayMs: number) => unknown
  clearTimeout: (handle: unknown) => void
}

export interface Timers {
  /** Calls back once after `delayMs` unless cancelled first; does not hold the process. */
  after(delayMs: number, callback: () => void): Cancel
  /** Holds the process until the returned function is called; calling it again changes nothing. */
  hold(): Cancel
}

export type Cancel = () => void

/** Timers over the platform's `setTimeout`. */
export function createTimers({ setTimeout, clearTimeout }: TimerEffects): Timers {
  return {
    after(delayMs, callback) {
      const handle = setTimeout(callback, Math.min(delayMs, MAX_DELAY_MS))
      unref(handle)
      return () => clearTimeout(handle)
    },
    hold() {
      // A timer that is not unref'ed is the one thing every server runtime counts as work still to be done.
      const handle = setTimeout(() => {}, MAX_DELAY_MS)
      return () => clearTimeout(handle)
    },
  }
}

function unref(handle: unknown): void {
  if (typeof handle !== 'object' || handle === null || !('unref' in handle)) return
  if (typeof handle.unref === 'function') handle.unref()
}
