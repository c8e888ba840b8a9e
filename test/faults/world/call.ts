/**
 * A call from a process to a service of the platform, with all that may go wrong on the way there and back. What the service
 * does happens at one instant; before and after it time passes, and either side may be gone by then.
 */

import type { SimProcess, World } from './world.ts'

/** Somebody who is called, and may be down. */
export interface Service {
  readonly name: string
  /** Shortest and longest time of one way, in milliseconds. */
  readonly latencyMs: readonly [min: number, max: number]
  /** `undefined` while it is up; else how it fails. */
  outage: () => 'refuses' | 'hangs' | undefined
  /** An error as this service gives it. */
  error: (why: 'failed' | 'outage' | 'reset') => Error
}

/** A hanging call answers, if it ever does, within so long. */
const LONGEST_HANG_MS = 20 * 60_000

/** Shares of hanging calls that do their work, and of those that are answered in the end. */
const HANG_LANDS = 0.5
const HANG_ANSWERS = 0.3

/** What is on its way when its sender dies arrives as often as not. */
const ORPHAN_LANDS = 0.5

/** Makes one call. `act` is what the service does, and is done at most once. */
export function callService<T>(
  world: World,
  process: SimProcess,
  service: Service,
  effect: string,
  act: () => T | Promise<T>,
): Promise<T> {
  return process.gate(effect, async () => {
    const { random, clock } = world
    const oneWay = () => random.integer(...service.latencyMs)
    const fault = chooseFault(world, service)
    if (fault !== undefined) world.injected(`${service.name} ${fault}`, `${process.name} ${effect}`)
    const arrive = async () => {
      if (process.isDead() && !random.chance(ORPHAN_LANDS)) return new Promise<T>(() => {})
      return act()
    }
    if (fault === 'hang') return hang(world, arrive)
    await clock.sleep(oneWay())
    if (fault === 'failed' || fault === 'outage') throw service.error(fault)
    const value = await arrive()
    await clock.sleep(oneWay())
    if (fault === 'failed after it was done') throw service.error('reset')
    return value
  })
}

type Fault = 'failed' | 'failed after it was done' | 'hang' | 'outage'

function chooseFault({ random, faults, faultsOn }: World, service: Service): Fault | undefined {
  const outage = service.outage()
  if (outage !== undefined) return outage === 'refuses' ? 'outage' : random.chance(0.5) ? 'hang' : 'outage'
  if (!faultsOn()) return undefined
  const drawn = random.next()
  if (drawn < faults.failure) return 'failed'
  if (drawn < faults.failure + faults.failureLanded) return 'failed after it was done'
  if (drawn < faults.failure + faults.failureLanded + faults.hang) return 'hang'
  return undefined
}

async function hang<T>({ random, clock }: World, arrive: () => Promise<T>): Promise<T> {
  const lands = random.chance(HANG_LANDS)
  await clock.sleep(random.integer(1, LONGEST_HANG_MS / 4))
  const value = lands ? arrive() : new Promise<T>(() => {})
  // It may fail long before anybody hears of it.
  value.catch(() => {})
  await clock.sleep(random.integer(1, LONGEST_HANG_MS))
  return lands && random.chance(HANG_ANSWERS) ? value : new Promise<T>(() => {})
}
