/**
 * The end of the process: listens for `beforeExit` while there is something to lose, and only then, so that an idle
 * client leaves no listener behind. Leaves to the client what to do about it.
 */

import type { ExitSource } from './types.ts'

export interface Shutdown {
  /** Listens from now on; calling it again changes nothing. */
  watch(): void
  /** Listens no more. */
  unwatch(): void
}

/**
 * Calls `drain` when the process has nothing left to do and would end. `beforeExit` is not emitted by `process.exit()`
 * and fatal signals (nodejs.org/api/process.html#event-beforeexit): an application that ends so calls `close()` first.
 */
export function createShutdown({
  process,
  drain,
}: {
  process: ExitSource | undefined
  drain: () => void
}): Shutdown {
  let isWatching = false
  return {
    watch() {
      if (isWatching) return
      isWatching = true
      process?.on('beforeExit', drain)
    },
    unwatch() {
      if (!isWatching) return
      isWatching = false
      process?.off('beforeExit', drain)
    },
  }
}
