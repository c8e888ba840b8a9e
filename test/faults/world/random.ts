/** Chance of a world: splitmix for seeds, and the mulberry32 of the oracle to draw from. */

import { createRandom as createDraws, type Random as Draws } from '../../support/oracle/random.ts'

/** Draws from one seed. */
export interface Random extends Draws {
  /** One of a list that is not empty. */
  pick: <T>(items: readonly T[]) => T
  /** Another chance that depends on this seed and the name alone, not on what was drawn before. */
  fork: (name: string) => Random
  /** So many hex digits. */
  hex: (digits: number) => string
}

/** Starts it. */
export function createRandom(seed: number): Random {
  const draws = createDraws(mix(seed))
  return {
    ...draws,
    pick: (items) => items[Math.floor(draws.next() * items.length)] as never,
    fork: (name) => createRandom(mix(seed ^ hashName(name))),
    hex(digits) {
      let text = ''
      while (text.length < digits) text += Math.floor(draws.next() * 16).toString(16)
      return text
    },
  }
}

/** Neighbouring seeds give sequences that have nothing to do with each other: the finalizer of splitmix32. */
function mix(seed: number): number {
  let z = (seed + 0x9e3779b9) | 0
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
  return (z ^ (z >>> 16)) >>> 0
}

/** FNV-1a. */
function hashName(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
