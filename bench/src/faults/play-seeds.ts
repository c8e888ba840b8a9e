/** A process that plays seeds and tells of each; started by `measurement.ts`. */

import { hook, loadAggregator } from '../../../test/faults/world/load-aggregator.ts'
import type { News, SeedNews, Work } from './news.ts'
import { createWarehouseGroups } from './warehouse-groups.ts'

hook()
// After the hook: what they load takes its base class from it.
const { runSeed } = await import('../../../test/faults/run-seed.ts')
const { describeFailure } = await import('../../../test/faults/describe-failure.ts')
const { takeRows } = await import('../../../test/faults/warehouse/from-world.ts')
const { startRealWarehouse } = await import('../../../test/faults/warehouse/real-warehouse.ts')
const { checkInWarehouse } = await import('../../../test/faults/warehouse/check-in-warehouse.ts')
const { createRandom } = await import('../../../test/faults/world/random.ts')

type SeedResult = Awaited<ReturnType<typeof runSeed>>

// Nobody listens any more.
process.on('disconnect', () => process.exit(1))
process.once('message', (work: Work) => void play(work))

async function play(work: Work): Promise<void> {
  const { first, last, step, worker, eventsASeed } = work
  const aggregator = await loadAggregator()
  const groups = createWarehouseGroups({
    start: startRealWarehouse,
    check: (warehouse, seeds) =>
      checkInWarehouse({ warehouse, seeds, random: createRandom(seeds[0]?.seed ?? 0) }),
    now: () => performance.now(),
  })
  const endsAt = performance.now() + work.endsAfterMs
  for (let seed = first; seed <= last && performance.now() < endsAt; seed += step) {
    const before = process.cpuUsage()
    const startedAt = performance.now()
    let rows: ReturnType<typeof takeRows> | undefined
    const isWanted = groups.wantsNext()
    const result = await runSeed({
      ...{ seed, events: eventsASeed, aggregator },
      onEnd: (world, ledgers) => {
        if (isWanted) rows = takeRows(world, ledgers)
      },
    })
    const { user, system } = process.cpuUsage(before)
    tell(describeSeed(result, worker, (user + system) / 1_000, eventsASeed))
    const checked = rows === undefined ? undefined : await groups.add(rows)
    groups.noteSeed(performance.now() - startedAt - (checked?.processorMs ?? 0))
    if (checked !== undefined) tell({ kind: 'warehouse', worker, ...checked })
  }
  const rest = await groups.end()
  if (rest !== undefined) tell({ kind: 'warehouse', worker, ...rest })
  process.disconnect()
  process.exit(0)
}

function tell(news: News): void {
  process.send?.(news)
}

function describeSeed(
  result: SeedResult,
  worker: number,
  processorMs: number,
  eventsASeed: number,
): SeedNews {
  const { seed, made, acknowledged, stored, lost, doubled, received, explained, falseGaps } = result
  return {
    ...{ kind: 'seed', worker, seed, made, acknowledged, stored, lost, doubled, received, explained },
    ...{ falseGaps, virtualMs: result.virtualMs, processorMs, faults: result.faults, hash: result.traceHash },
    ...(result.problems.length === 0 ? {} : { failure: describeFailure(result, eventsASeed) }),
  }
}
