/** Rows of seeds on their way to the real ClickHouse, some seeds at once. */

import type { RealWarehouse } from '../../../test/faults/warehouse/check-in-warehouse.ts'
import type { SeedRows } from '../../../test/faults/warehouse/seed-rows.ts'
import type { WarehouseNews } from './news.ts'

/** A group is full with so many seeds, or so many rows of events. */
const GROUP_SEEDS = 24
const GROUP_ROWS = 60_000

/** A warehouse that has taken so many rows is replaced by an empty one: each run would take longer. */
const FRESH_ROWS = 600_000

/** Of the time for seeds, so much may go to the warehouse; where all seeds would take more, only some go there. */
const SHARE_OF_TIME = 0.5

/** Effects, so that tests need no server. */
export interface GroupEffects {
  start: () => Promise<RealWarehouse & { stop: () => Promise<void> }>
  check: (
    warehouse: RealWarehouse,
    seeds: readonly SeedRows[],
  ) => Promise<{ events: number; rows: number; problems: string[] }>
  /** Milliseconds of time. */
  now: () => number
}

/** The way to the warehouse of one process. */
export interface WarehouseGroups {
  /** Whether the rows of the seed that comes next are wanted. */
  wantsNext: () => boolean
  /** Takes those of the seed that is done; with the group full, checks it. */
  add: (rows: SeedRows) => Promise<Checked | undefined>
  /** The seed took so many milliseconds, whether its rows were taken or not. To be called last. */
  noteSeed: (ms: number) => void
  /** Checks what is left. */
  end: () => Promise<Checked | undefined>
}

/** A group that was checked. */
export type Checked = Omit<WarehouseNews, 'kind' | 'worker'>

/** Nothing started yet. */
export function createWarehouseGroups({ start, check, now }: GroupEffects): WarehouseGroups {
  let warehouse: Awaited<ReturnType<GroupEffects['start']>> | undefined
  let group: SeedRows[] = []
  let [groupRows, heldRows, every, done, nextWanted] = [0, 0, 1, 0, 0]
  const spent = { seedsMs: 0, seeds: 0, checksMs: 0, checked: 0 }

  const run = async (): Promise<Checked> => {
    const seeds = group
    group = []
    groupRows = 0
    warehouse ??= await start()
    const startedAt = now()
    const { events, rows, problems } = await check(warehouse, seeds)
    const processorMs = now() - startedAt
    heldRows += rows
    if (heldRows > FRESH_ROWS) await stop()
    spent.checksMs += processorMs
    spent.checked += seeds.length
    every = chooseEvery(spent)
    return {
      ...{ seeds: seeds.length, events, rows, processorMs, every },
      ...describeProblems(
        problems,
        seeds.map(({ seed }) => seed),
      ),
    }
  }
  const stop = async () => {
    await warehouse?.stop()
    warehouse = undefined
    heldRows = 0
  }
  return {
    wantsNext: () => done >= nextWanted,
    noteSeed(ms) {
      spent.seedsMs += ms
      spent.seeds += 1
      done += 1
    },
    async add(rows) {
      group.push(rows)
      groupRows += rows.rows('events').length
      const isFull = group.length >= GROUP_SEEDS || groupRows >= GROUP_ROWS
      const checked = isFull ? await run() : undefined
      nextWanted = done + every
      return checked
    },
    async end() {
      const last = group.length > 0 ? await run() : undefined
      await stop()
      return last
    },
  }
}

/** Every so many-th seed, so that checking takes at most its share of the time that seeds take. */
export function chooseEvery(spent: {
  seedsMs: number
  seeds: number
  checksMs: number
  checked: number
}): number {
  const aSeed = spent.seedsMs / Math.max(1, spent.seeds)
  const aCheck = spent.checksMs / Math.max(1, spent.checked)
  return Math.max(1, Math.ceil(aCheck / (SHARE_OF_TIME * aSeed)))
}

/** Problems name their source, `s12-shop`; one that names none is of all seeds of the group. */
function describeProblems(
  problems: readonly string[],
  seeds: readonly number[],
): Pick<Checked, 'failed' | 'failure'> {
  if (problems.length === 0) return { failed: [] }
  const named = problems.flatMap((problem) => {
    const [, seed] = /\bs(\d+)-[a-z]/.exec(problem) ?? []
    return seed === undefined ? seeds : [Number(seed)]
  })
  return {
    failed: [...new Set(named)],
    failure: ['in the real ClickHouse:', ...problems.slice(0, 12)].join('\n  '),
  }
}
