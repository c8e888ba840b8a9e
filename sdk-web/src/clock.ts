/** Time and chance, as the SDK takes them from the browser. */

/** Handed to whoever waits or draws, so that tests have their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  time(): number
  /** From 0 to 1. */
  draw(): number
  delay(run: () => void, ms: number): void
}

/** The browser's. */
export const CLOCK: Clock = {
  time: () => Date.now(),
  draw: () => Math.random(),
  delay: (run, ms) => void setTimeout(run, ms),
}
