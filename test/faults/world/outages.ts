/** Services of the platform, when each is down, and how it says so. */

import type { Service } from './call.ts'
import { clickHouseError } from './clickhouse.ts'
import type { World } from './world.ts'

/** Names of the services that may be down. */
export type ServiceName = 'events' | 'retry' | 'dead' | 'bucket' | 'clickhouse'

interface Outage {
  from: number
  to: number
  how: 'refuses' | 'hangs'
}

const LATENCY_MS: Record<ServiceName, readonly [number, number]> = {
  events: [2, 20],
  retry: [2, 20],
  dead: [2, 20],
  bucket: [5, 60],
  clickhouse: [20, 400],
}

/** Services, with the outages of the next so many milliseconds drawn beforehand. */
export function createServices(world: World, spanMs: number): Record<ServiceName, Service> {
  const create = (name: ServiceName): Service => {
    const outages = drawOutages(world, name, spanMs)
    return {
      name,
      latencyMs: LATENCY_MS[name],
      outage() {
        if (!world.faultsOn()) return undefined
        const at = world.clock.now()
        return outages.find(({ from, to }) => at >= from && at < to)?.how
      },
      error: (why) => errorOf(name, why),
    }
  }
  return {
    events: create('events'),
    retry: create('retry'),
    dead: create('dead'),
    bucket: create('bucket'),
    clickhouse: create('clickhouse'),
  }
}

function drawOutages(world: World, name: ServiceName, spanMs: number): Outage[] {
  const random = world.random.fork(`outages of ${name}`)
  const { outagesAnHour, outageMs } = world.faults
  const expected = (outagesAnHour * spanMs) / 3_600_000
  const count = Math.floor(expected) + (random.chance(expected % 1) ? 1 : 0)
  return Array.from({ length: count }, () => {
    const from = world.clock.now() + random.integer(0, spanMs)
    // Most are short, and a few as long as they may be.
    const share = random.next() ** 3
    const to = from + Math.floor(outageMs[0] + share * (outageMs[1] - outageMs[0]))
    const how = random.chance(0.3) ? 'hangs' : 'refuses'
    world.injected(`outage of ${name}`, `${how} for ${Math.round((to - from) / 1_000)} s`)
    return { from, to, how }
  })
}

function errorOf(name: ServiceName, why: 'failed' | 'outage' | 'reset'): Error {
  if (name === 'clickhouse')
    return clickHouseError(why === 'outage' ? '252' : why === 'reset' ? 'network' : '241')
  if (name === 'bucket') return new Error(`R2: internal error (10001), ${why}`)
  return new Error(
    why === 'failed' ? 'Queue send failed: Too Many Requests' : 'Queue send failed: Internal Server Error',
  )
}
