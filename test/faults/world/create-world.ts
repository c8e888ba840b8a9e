/** Builds a world from a seed: a whole Millrace between simulated services, and all that goes wrong with it. */

import type { Row } from '@millrace/schemas/native'
import { createBucket, type SimBucket } from './bucket.ts'
import { createClickHouse, type SimClickHouse } from './clickhouse.ts'
import { createNamespace, type ObjectClass, type SimNamespace } from './durable-object.ts'
import { createEdge, type Edge } from './edge.ts'
import { replaceGlobals } from './globals.ts'
import { createServices } from './outages.ts'
import { routeFetch } from './outgoing.ts'
import { createProcess } from './process.ts'
import { createQueue, type QueueSettings, type SimQueue } from './queue.ts'
import { createRandom } from './random.ts'
import { createSchedule, type Schedule } from './schedule.ts'
import { REAL, type Seams } from './seams.ts'
import { createTrace, type Trace } from './trace.ts'
import type { Version } from './versions.ts'
import { FAULT_WINDOWS } from './windows.ts'
import { createWorkers, type Workers } from './workers.ts'
import type { FaultConfig, FaultCounts, World } from './world.ts'

/** Options of {@link createWorld}. */
export interface WorldOptions {
  seed: number
  faults: FaultConfig
  sources: readonly string[]
  /** For how long clients make events and faults happen, in milliseconds. */
  spanMs: number
  /** The class of the live object; see `loadAggregator`. */
  aggregator: ObjectClass
  /** What is broken on purpose. Default: nothing. */
  seams?: Partial<Seams>
  /** Lines of the trace that are kept. Default 400; all are counted and hashed. */
  traceLines?: number
}

/** A world with everything in it. */
export interface FullWorld extends World {
  clock: Schedule
  queues: Record<'events' | 'retry' | 'dead', SimQueue>
  bucket: SimBucket
  clickHouse: SimClickHouse
  live: SimNamespace
  edge: Edge
  workers: Workers
  seams: Seams
  log: Trace
  counts: FaultCounts
  spanMs: number
  sources: readonly string[]
  /** No fault happens from here on. */
  endFaults: () => void
  /** Puts the globals back. To be called when nobody uses the world any more. */
  dispose: () => void
}

/** When every world begins. */
export const WORLD_START = Date.UTC(2026, 10, 20, 8)

/** As in `wrangler.toml`. */
const QUEUES: Record<'events' | 'retry' | 'dead', QueueSettings> = {
  events: { maxBatchSize: 100, maxBatchTimeoutMs: 1_000, maxRetries: 100, maxConcurrency: 10 },
  retry: { maxBatchSize: 100, maxBatchTimeoutMs: 1_000, maxRetries: 100, maxConcurrency: 2 },
  dead: { maxBatchSize: 10, maxBatchTimeoutMs: 5_000, maxRetries: 100, maxConcurrency: 10 },
}

/** A world that begins when its schedule is run. Only one may be alive at a time: it replaces globals. */
export function createWorld(options: WorldOptions): FullWorld {
  const { seed, faults, sources, spanMs } = options
  const random = createRandom(seed)
  const schedule = createSchedule(WORLD_START)
  const seams: Seams = { ...REAL, ...options.seams }
  const log = createTrace(schedule.now, options.traceLines)
  const counts: FaultCounts = {}
  const skews = { servers: 0 }
  let isFaulty = true

  const injected = (kind: string, detail = '') => {
    counts[kind] = (counts[kind] ?? 0) + 1
    log.add(`! ${kind} ${detail}`)
  }
  const faultsOn = () => isFaulty
  const chance = random.fork('processes')
  const spawn = (name: string) =>
    createProcess(
      { random: chance, crashRate: () => (isFaulty ? faults.crash : 0), injected, trace: log.add },
      name,
    )
  const base: World = {
    ...{ seed, random, clock: schedule, faults, faultsOn, injected, spawn, trace: log.add },
    fetchFor: (process, address) => edge.fetchFor(process, address),
  }
  const services = createServices(base, spanMs)
  const queues = {
    events: createQueue(base, services.events, QUEUES.events),
    retry: createQueue(base, services.retry, QUEUES.retry),
    dead: createQueue(base, services.dead, QUEUES.dead),
  }
  const bucket = createBucket(base, services.bucket)
  const clickHouse = createClickHouse(base, services.clickhouse)
  const fetchOut = routeFetch((row: Row[], table, process) => clickHouse.insertFor(process)(table, row))
  const deploys = planDeploys(base, spanMs)
  const record = (line: Record<string, unknown>) => log.add(`log ${JSON.stringify(line)}`)
  const skewMs = () => skews.servers
  const live = createNamespace({
    world: base,
    name: 'live',
    load: seams.aggregator(options.aggregator),
    envFor: fetchOut.envFor,
    flushMs: [2, 40],
    skewMs,
  })
  const edge = createEdge({
    ...{ world: base, seams, sources, skewMs, log: record, isolates: 3, versionOf: deploys.versionOf },
    queueFor: queues.events.bindingFor,
    bucketFor: bucket.bindingFor,
  })
  const workers = createWorkers({
    ...{ world: base, seams, queues, bucket, clickHouse, live, windows: FAULT_WINDOWS },
    ...{ skewMs, isNext: deploys.isNext, log: record },
  })
  planClockJumps(base, spanMs, skews)
  deploys.start(() => {
    edge.redeploy()
    workers.redeploy()
    live.reset(undefined, 'for a deploy')
  })
  const restore = replaceGlobals({
    schedule,
    random: random.fork('globals'),
    skewMs,
    fetch: fetchOut.fetch,
    log: (line) => log.add(`log ${line}`),
  })
  return {
    ...base,
    ...{
      clock: schedule,
      queues,
      bucket,
      clickHouse,
      live,
      edge,
      workers,
      seams,
      log,
      counts,
      spanMs,
      sources,
    },
    endFaults() {
      isFaulty = false
      skews.servers = 0
      deploys.end()
    },
    dispose: restore,
  }
}

/**
 * Of some worlds the collectors of the version before work beside those of this one for a while; of others the next version's
 * begin to, and what they write waits until the consumers are deployed as well.
 */
function planDeploys({ random, clock, injected }: World, spanMs: number) {
  const chance = random.fork('deploys')
  const kind = chance.pick(['none', 'none', 'previous', 'next'] as const)
  const collectorsAt = clock.now() + chance.integer(0, spanMs * 0.6)
  const consumersAt = collectorsAt + chance.integer(0, spanMs * 0.3)
  let isOver = false
  const versionOf = (place: number): Version => {
    // The first place is deployed at first.
    const isDeployed = clock.now() >= collectorsAt + place * 60_000
    if (kind === 'previous') return isDeployed || isOver ? 'current' : 'previous'
    return kind === 'next' && isDeployed ? 'next' : 'current'
  }
  return {
    versionOf,
    isNext: () => kind === 'next' && (isOver || clock.now() >= consumersAt),
    start(act: () => void) {
      if (kind === 'none') return
      injected(`two versions side by side: ${kind}`)
      for (const at of [collectorsAt, collectorsAt + 60_000, collectorsAt + 120_000, consumersAt]) {
        clock.setTimeout(() => !isOver && act(), at - clock.now())
      }
    },
    end() {
      isOver = true
    },
  }
}

function planClockJumps(world: World, spanMs: number, skews: { servers: number }): void {
  const { random, clock, faults, faultsOn, injected } = world
  const chance = random.fork('clock')
  const expected = (faults.clockJumpsAnHour * spanMs) / 3_600_000
  const count = Math.floor(expected) + (chance.chance(expected % 1) ? 1 : 0)
  for (let jump = 0; jump < count; jump++) {
    clock.setTimeout(
      () => {
        if (!faultsOn()) return
        skews.servers = chance.integer(-faults.clockJumpMs, faults.clockJumpMs)
        injected('clock jump', `servers are ${skews.servers} ms ahead`)
      },
      chance.integer(0, spanMs),
    )
  }
}
