/** Says when how many events are due, at a rate that may change. Pure but for the clock it is given. */

/** A pacer. */
export interface Pacer {
  setRate: (eventsPerSecond: number) => void
  /** Takes what is due; what it does not take is due the next time. */
  run: (track: () => number) => void
}

/** A process that stood still for longer does not make up for it: real clients would not have either. */
const MAX_ARREARS_MS = 1_000

/** Creates one at rate 0. */
export function createPacer(now: () => number): Pacer {
  let rate = 0
  let due = 0
  let lastAt = now()
  return {
    setRate: (eventsPerSecond) => {
      rate = eventsPerSecond
    },
    run(track) {
      const at = now()
      due += (rate * Math.min(MAX_ARREARS_MS, at - lastAt)) / 1_000
      lastAt = at
      while (due >= 1) due -= track()
    },
  }
}
