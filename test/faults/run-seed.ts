/** Runs one seed from its first event to the last check, and says what came of it. */

import { checkWorld, type SourceLedger, type Verdict } from './checks/check-world.ts'
import { checkDrops } from './checks/drops.ts'
import { createScenario, type Scenario } from './model/scenario.ts'
import { createSdkClients } from './model/sdk-clients.ts'
import { createWorld, type FullWorld } from './world/create-world.ts'
import type { ObjectClass } from './world/durable-object.ts'
import type { Seams } from './world/seams.ts'

/** Options of {@link runSeed}. */
export interface SeedOptions {
  seed: number
  /** Events of the seed, about. Default 600. */
  events?: number
  aggregator: ObjectClass
  /** What is broken on purpose. Default: nothing. */
  seams?: Partial<Seams>
  /** Changes the scenario before it is played: other clients, other faults. */
  adapt?: (scenario: Scenario) => Scenario
  traceLines?: number
  /** Called with the world at rest, after the checks and before it is thrown away. */
  onEnd?: (world: FullWorld, ledgers: readonly SourceLedger[]) => void | Promise<void>
}

/** What a seed came to. */
export interface SeedResult extends Verdict {
  seed: number
  faults: Record<string, number>
  /** From the first event to the check. */
  virtualMs: number
  steps: number
  requests: number
  /** Lines of the trace, of which the last are kept, and the hash of all. */
  traceCount: number
  traceHash: string
  trace: string[]
}

/** Virtual time after which a world that does not come to rest is a failure. */
const MAX_REST_MS = 2 * 24 * 3_600_000

const MINUTE = 60_000

/** Plays a seed. Never rejects for what production code did: that is among the problems of the result. */
export async function runSeed(options: SeedOptions): Promise<SeedResult> {
  const { seed, events = 600, aggregator, seams, adapt = (same) => same, traceLines, onEnd } = options
  const scenario = adapt(createScenario(seed, events))
  scenario.clients.push(...(await createSdkClients(seed, events, scenario.sources)))
  const world = createWorld({
    ...{ seed, aggregator },
    ...{ faults: scenario.faults, sources: scenario.sources, spanMs: scenario.spanMs },
    ...(seams === undefined ? {} : { seams }),
    ...(traceLines === undefined ? {} : { traceLines }),
  })
  const startedAt = world.clock.now()
  try {
    const isAtRest = await play(world, scenario)
    const ledgers = scenario.clients.map((client) => ({ source: client.source, ledger: client.sent() }))
    const verdict = await checkWorld(world, ledgers)
    verdict.problems.push(...scenario.clients.flatMap((client) => client.problems?.() ?? []))
    verdict.problems.push(...checkDrops(world, scenario.clients))
    if (!isAtRest) verdict.problems.unshift(`it did not come to rest: ${describeUnrest(world, scenario)}`)
    await onEnd?.(world, ledgers)
    return {
      ...verdict,
      seed,
      faults: world.counts,
      virtualMs: world.clock.now() - startedAt,
      steps: world.clock.steps(),
      requests: world.edge.counts.requests,
      traceCount: world.log.count(),
      traceHash: world.log.hash(),
      trace: world.log.lines(),
    }
  } finally {
    world.dispose()
  }
}

/** @returns whether it came to rest */
async function play(world: FullWorld, scenario: Scenario): Promise<boolean> {
  const { clock, spanMs } = world
  const { clients, lakeEveryMinutes } = scenario
  const endAt = clock.now() + spanMs
  let minute = 0
  let isClosing = false
  const cron = () => {
    minute += 1
    world.workers.runCron({ lake: isClosing || minute % lakeEveryMinutes === 0 })
    // Now and then the platform runs a minute twice.
    if (world.faultsOn() && world.random.chance(0.02)) {
      world.injected('cron twice')
      world.workers.runCron({ lake: minute % lakeEveryMinutes === 0 })
    }
    clock.setTimeout(cron, MINUTE)
  }
  clock.setTimeout(cron, MINUTE)
  for (const client of clients) client.start(world)
  await clock.runUntil(endAt)
  world.endFaults()
  for (const client of clients) client.finish()
  const limit = clock.now() + MAX_REST_MS
  let isDone = await settle(world, limit, () => isSent(world, clients))
  // What hung may still land, which nobody waits for; and windows that are open close.
  await clock.runUntil(clock.now() + 30 * MINUTE)
  isClosing = true
  isDone = (await settle(world, limit, () => isSent(world, clients) && isPublished(world))) && isDone
  return isDone
}

/** How often it is looked whether all is at rest: not at full minutes, where the cron has just begun. */
const LOOK_MS = 64_700

/** Looks now and then, so that time goes on quickly. */
async function settle(world: FullWorld, limit: number, isDone: () => boolean): Promise<boolean> {
  while (!isDone()) {
    if (world.clock.now() > limit) return false
    await world.clock.runUntil(world.clock.now() + LOOK_MS)
  }
  return true
}

function isSent({ queues, bucket }: FullWorld, clients: Scenario['clients']): boolean {
  if (clients.some((client) => !client.isIdle())) return false
  if (Object.values(queues).some((queue) => queue.held() > 0)) return false
  for (const key of bucket.objects.keys()) if (key.startsWith('spill/')) return false
  return true
}

function isPublished({ bucket, workers }: FullWorld): boolean {
  if (workers.isCronBusy()) return false
  for (const key of bucket.objects.keys()) if (key.startsWith('parts/source=')) return false
  return true
}

function describeUnrest(world: FullWorld, { clients }: Scenario): string {
  const { queues, bucket } = world
  const held = Object.values(queues).map(({ name, held: count }) => `${name} ${count()}`)
  const keys = [...bucket.objects.keys()].filter(
    (key) => key.startsWith('spill/') || key.startsWith('parts/source='),
  )
  const waiting = clients.filter((client) => !client.isIdle()).map(({ name }) => name)
  return `queues ${held.join(', ')}; objects ${keys.slice(0, 3).join(' ')}; clients ${waiting.join(' ')}; cron ${world.workers.isCronBusy() ? 'busy' : 'idle'}`
}
