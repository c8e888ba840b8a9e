/** Adds up time while it runs; when it runs is decided by others. */

export interface Stopwatch {
  /** Starts or halts it; the same twice changes nothing. */
  run(isRunning: boolean): void
  /** Whole milliseconds since it was last asked; it goes on as before, and the rest of a millisecond is kept. */
  take(): number
}

/** Creates one that stands still. `now` reads a clock in milliseconds. */
export function createStopwatch(now: () => number): Stopwatch {
  let elapsed = 0
  let startedAt: number | undefined

  function run(isRunning: boolean): void {
    if (startedAt !== undefined) elapsed += now() - startedAt
    startedAt = isRunning ? now() : undefined
  }

  return {
    run,
    take() {
      run(startedAt !== undefined)
      const whole = Math.floor(elapsed)
      elapsed -= whole
      return whole
    },
  }
}
