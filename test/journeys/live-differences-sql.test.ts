/** What the view `live_differences` says of live windows and roll-ups, over rows as the live object and the recomputation write them. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { startWarehouse, type TestWarehouse } from '../support/warehouse.ts'

let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await startWarehouse()
})
afterAll(() => warehouse.stop())

/** Beginning of the minute in which the tests began. Fixed, so that all statements mean the same minutes when the next one begins. */
const BEGIN = Math.floor(Date.now() / 60_000) * 60

/** Beginning of the minute that was so many before it. */
const minute = (ago: number | string) => `(toDateTime(${BEGIN}, 'UTC') - INTERVAL ${ago} MINUTE)`

const before = (seconds: number) => `now64(3) - INTERVAL ${seconds} SECOND`

const HALF_AN_HOUR = 'SELECT number + 9 AS ago FROM numbers(22)'

interface Version {
  events: number
  version?: number
  /** How long ago it came to ClickHouse. */
  secondsAgo?: number
}

/** The last window of that minute, or of those: without it the minute is not whole. */
function insertWindow(
  source: string,
  ago: number | string,
  { events, version = 1, secondsAgo = 600 }: Version,
) {
  return warehouse.run(`
INSERT INTO live_windows (source, name, window_start, window_end, version, state, key, events, inserted_at)
SELECT '${source}', 'events', toDateTime64(${minute('ago')}, 3, 'UTC') + INTERVAL 59900 MILLISECOND AS start, start + INTERVAL 10 SECOND,
  ${version}, if(${version} = 1, 'final', 'corrected'), ['page'], ${events}, ${before(secondsAgo)}
FROM (${agosOf(ago)})`)
}

function insertRollup(source: string, ago: number | string, events: number) {
  return warehouse.run(`
INSERT INTO rollup_minute (source, minute, event, measure, events)
SELECT '${source}', ${minute('ago')}, 'page', '', ${events} FROM (${agosOf(ago)})`)
}

function agosOf(ago: number | string): string {
  return typeof ago === 'string' ? ago : `SELECT ${ago} AS ago`
}

/** An event of that minute which ClickHouse got so many seconds ago. */
function insertEvent(source: string, ago: number, secondsAgo: number) {
  return warehouse.run(`
INSERT INTO events (source, message_id, type, event, timestamp, received_at, inserted_at, session_id, session_index, context)
SELECT '${source}', '${source}-${ago}', 'page', 'page', ${minute(ago)}, ${before(secondsAgo)}, ${before(secondsAgo)}, '', 0, '{}'`)
}

/** Both sides of each minute of half an hour, alike. */
async function insertMinutes(source: string): Promise<void> {
  await insertWindow(source, HALF_AN_HOUR, { events: 5 })
  await insertRollup(source, HALF_AN_HOUR, 5)
}

/** Events that live windows have more, by how many minutes ago. */
async function readDifferences(source: string): Promise<Record<string, number>> {
  const rows = await warehouse.query<{ ago: number; only_live: string }>(
    `SELECT toUInt32(dateDiff('minute', minute, ${minute(0)})) AS ago, only_live FROM live_differences WHERE source = {source:String}`,
    { source },
  )
  return Object.fromEntries(rows.map(({ ago, only_live }) => [ago, Number(only_live)]))
}

it('compares whole minutes, whatever second it is', async () => {
  await insertMinutes('even')
  expect(await readDifferences('even')).toEqual({})
})

it('tells what either side lacks, from the first window that was closed', async () => {
  await insertMinutes('lossy')
  await insertRollup('lossy', 31, 5)
  await insertRollup('lossy', 25, 7)
  await insertWindow('lossy', 20, { events: 6, version: 2 })
  await warehouse.run(
    `DELETE FROM live_windows WHERE source = 'lossy' AND toStartOfMinute(window_start) = ${minute(15)}`,
  )
  // Not before ten minutes after its end.
  await insertRollup('lossy', 9, 7)
  expect(await readDifferences('lossy')).toEqual({ 25: -2, 20: 1, 15: -5 })
})

it('leaves a minute that got something late to both sides for five minutes', async () => {
  await insertMinutes('late')
  // Events came and are in the roll-ups: their windows are corrected within a minute,
  await insertEvent('late', 25, 30)
  await insertRollup('late', 25, 6)
  // or were not.
  await insertEvent('late', 24, 330)
  await insertRollup('late', 24, 6)
  // A window was corrected, and its events are yet to be stored,
  await insertWindow('late', 20, { events: 6, version: 2, secondsAgo: 30 })
  // or never were.
  await insertWindow('late', 19, { events: 6, version: 2, secondsAgo: 330 })
  expect(await readDifferences('late')).toEqual({ 24: -1, 19: 1 })
})
