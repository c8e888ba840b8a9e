/** What a simulated computer has that the SDKs need: a clock of its own, chance, timers, a network. */

import type { Random } from '../world/random.ts'
import type { SimProcess, World } from '../world/world.ts'

/** One life of a page or a server process on a computer. Nothing of it happens any more once its process is dead. */
export interface Machine {
  process: SimProcess
  /** Milliseconds since 1970 by this machine's clock, which may be wrong and may jump. */
  now: () => number
  /** From 0 up to 1. */
  random: () => number
  /** Calls back after so many milliseconds of true time, unless it is cleared or the process dies. */
  setTimeout: (run: () => void, delayMs: number) => unknown
  clearTimeout: (handle: unknown) => void
  fetch: typeof fetch
}

/** What a machine is made of. */
export interface MachineOptions {
  world: World
  process: SimProcess
  random: Random
  /** Internet address. */
  address: string
  /** How far its clock is ahead, in milliseconds. */
  skewMs: () => number
}

/** Starts a life on a machine. */
export function createMachine({ world, process, random, address, skewMs }: MachineOptions): Machine {
  const { clock } = world
  return {
    process,
    now: clock.skewed(() => Math.round(skewMs())),
    random: random.next,
    setTimeout: (run, delayMs) =>
      clock.setTimeout(() => void (process.isDead() || run()), Math.floor(delayMs)),
    clearTimeout: (handle) => clock.clearTimeout(handle as never),
    fetch: world.fetchFor(process, address),
  }
}

/** A random text of letters and digits. */
export function drawId(random: () => number, length: number): string {
  let id = ''
  while (id.length < length) id += Math.floor(random() * 0x100000000).toString(36)
  return id.slice(0, length)
}
