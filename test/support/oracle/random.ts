/** Chance that is the same every time: mulberry32. */

/** Draws from one seed. */
export interface Random {
  /** From 0 up to 1. */
  next: () => number
  /** Both ends included. */
  integer: (min: number, max: number) => number
  chance: (probability: number) => boolean
  /** A shuffled copy. */
  shuffle: <T>(items: readonly T[]) => T[]
}

/** Starts it. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const integer = (min: number, max: number) => min + Math.floor(next() * (max - min + 1))
  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    shuffle(items) {
      const copy = [...items]
      for (let at = copy.length - 1; at > 0; at--) {
        const other = integer(0, at)
        ;[copy[at], copy[other]] = [copy[other] as never, copy[at] as never]
      }
      return copy
    },
  }
}
