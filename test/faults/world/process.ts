/** Processes that may die between any two awaits. */

import type { Random } from './random.ts'
import type { SimProcess } from './world.ts'

/** What processes are made with. */
export interface ProcessEffects {
  random: Random
  /** How likely one crashes at an effect, just now. */
  crashRate: () => number
  injected: (kind: string, detail: string) => void
  trace: (line: string) => void
}

/** Of a promise that nobody will ever settle. */
function never<T>(): Promise<T> {
  return new Promise<T>(() => {})
}

/** A new process. */
export function createProcess(effects: ProcessEffects, name: string): SimProcess {
  const { random, crashRate, injected, trace } = effects
  const listeners: (() => void)[] = []
  let isDead = false

  const crash = (why: string) => {
    if (isDead) return
    isDead = true
    trace(`${name} crashed ${why}`)
    for (const act of listeners.splice(0)) act()
  }
  const crashesAt = (place: string) => {
    if (!random.chance(crashRate())) return false
    injected('crash', `${name} ${place}`)
    crash(place)
    return true
  }
  return {
    name,
    isDead: () => isDead,
    crash,
    onCrash(act) {
      if (isDead) act()
      else listeners.push(act)
    },
    run: (main) => {
      if (isDead) return never()
      return main().then(
        (value) => (isDead ? never() : value),
        (error: unknown) => {
          if (isDead) return never()
          throw error
        },
      )
    },
    async gate(effect, act) {
      if (isDead || crashesAt(`before ${effect}`)) return never()
      try {
        const value = await act()
        if (isDead || crashesAt(`after ${effect}`)) return await never()
        return value
      } catch (error) {
        if (isDead || crashesAt(`after ${effect} failed`)) return await never()
        throw error
      }
    },
  }
}
