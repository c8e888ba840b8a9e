/** What small worlds wrote, in the real ClickHouse: the production jobs pass, and those that break a rule do not. */

import { recomputeAll } from '@millrace/schemas/recompute'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRandom } from '../world/random.ts'
import { findThreads } from '../world/watch-threads.ts'
import { checkInWarehouse, differences, type WarehouseVerdict } from './check-in-warehouse.ts'
import type { RunRecompute } from './jobs.ts'
import { startRealWarehouse } from './real-warehouse.ts'
import type { SeedRows } from './seed-rows.ts'
import { playSmall } from './small-world.ts'

let warehouse: Awaited<ReturnType<typeof startRealWarehouse>>
beforeAll(async () => {
  warehouse = await startRealWarehouse()
}, 60_000)
afterAll(() => warehouse.stop())

async function check(seeds: readonly number[], recompute?: RunRecompute): Promise<WarehouseVerdict> {
  const played: SeedRows[] = []
  for (const seed of seeds) played.push(await playSmall(seed, 250))
  const random = createRandom(seeds[0] ?? 0)
  const options = recompute === undefined ? {} : { recompute, withBooks: false }
  return checkInWarehouse({ warehouse, seeds: played, random, ...options })
}

it('every table of eight seeds is what the distinct events say, and the books close', async () => {
  const verdict = await check([1, 2, 3, 4, 5, 6, 7, 8])
  expect(verdict.problems.slice(0, 12)).toEqual([])
  expect(verdict.sources).toBe(8)
  expect(verdict.events).toBeGreaterThan(2_000)
  expect(verdict.rows).toBeGreaterThan(verdict.events * 1.2)
  expect(verdict.crashes).toBeGreaterThan(0)
}, 240_000)

/** Counts every copy, as a materialized view does that adds on each insert. */
const countCopies: RunRecompute = (effects) =>
  recomputeAll(
    {
      ...effects,
      run: (sql, parameters) =>
        effects.run(/INSERT INTO rollup_minute/.test(sql) ? sql.replaceAll(' FINAL', '') : sql, parameters),
    },
    { measures: [], horizons: new Map() },
  )

/** Computes the minutes of new rows, and not those that an event has left because an earlier copy of it came late. */
const lookNotBack: RunRecompute = (effects) =>
  recomputeAll(
    {
      ...effects,
      run: (sql, parameters) => effects.run(/'minute'/.test(sql) ? MINUTES_OF_NEW_ROWS : sql, parameters),
    },
    { measures: [], horizons: new Map() },
  )

const MINUTES_OF_NEW_ROWS = `
INSERT INTO recompute_work (run, kind, source, id, from_time, to_time, detail)
SELECT DISTINCT {run:String}, 'minute', source, '', toDateTime64(toStartOfMinute(timestamp), 3, 'UTC') AS minute, minute, ''
FROM events WHERE inserted_at > {since:DateTime64(3, 'UTC')} AND inserted_at <= {until:DateTime64(3, 'UTC')}`

it.each<[string, number[], RunRecompute]>([
  ['adds up on insert', [21, 22], countCopies],
  ['does not look back', [31, 32, 33, 34, 35, 36], lookNotBack],
])(
  'a recomputation that %s is caught',
  async (_, seeds, job) => {
    const { problems } = await check(seeds, job)
    expect(problems.filter((problem) => problem.includes('rollup_minute'))).not.toEqual([])
  },
  240_000,
)

it('an envelope that was acknowledged and is nowhere is caught, by its client and by the ledger', async () => {
  const played = await playSmall(41, 120)
  const [lost] = played.rows('events')
  const rows = (table: string) =>
    played.rows(table).filter((row) => table !== 'events' || row['batch_id'] !== lost?.['batch_id'])
  const { problems } = await checkInWarehouse({
    warehouse,
    seeds: [{ ...played, rows }],
    random: createRandom(41),
    passes: 1,
  })
  expect(problems.filter((problem) => problem.includes('acknowledged events are not here'))).toHaveLength(1)
  expect(problems.filter((problem) => /ledger of s41-shop: missing is \d+/.test(problem))).toHaveLength(1)
}, 240_000)

it('a small world waits for no thread of the machine, which would decide what it does', async () => {
  const seeds = [1, 4, 5]
  for (const seed of seeds) await playSmall(seed, 100)
  for (const seed of seeds) expect(await findThreads(() => playSmall(seed, 100))).toEqual([])
}, 60_000)

it('rows are counted when tables are compared, and not only looked for', () => {
  const tables = (rows: string[]) => ({ rollup_minute: rows }) as never
  expect(differences('s', tables(['a', 'b']), tables(['b', 'a']))).toEqual([])
  expect(differences('s', tables(['a']), tables(['a', 'a']))).toEqual([
    's: rollup_minute has 1 rows too many and 0 too few: +a -',
  ])
})
