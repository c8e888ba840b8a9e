/**
 * Compares the lake with the warehouse: for each source and hour, how many events and a sum of the hashes of their ids. What
 * the lake has is in its manifest, so no file is read. Stores the result, and names the hours that differ.
 */

import { addIdSums, ID_SUM_SQL, LAKE_HOUR_SQL, type Manifest, parseFileKey } from '@millrace/schemas/lake'
import type { Statements } from '@millrace/schemas/recompute'
import type { LakeBucket } from './bucket.ts'
import { readManifest } from './manifest-store.ts'
import { listSources } from './sweep.ts'

/** What a run works with. */
export interface ReconcileEffects extends Statements {
  bucket: Pick<LakeBucket, 'get' | 'list'>
  log: (record: Record<string, unknown>) => void
  /** Least time between two runs, in milliseconds. Default 5 minutes. */
  intervalMs?: number
  /** How long an hour may differ after either store was last seen to change, in milliseconds. Default 15 minutes. */
  patienceMs?: number
}

/** Options from the configuration: of sources whose events are deleted, since when they are whole, as ClickHouse reads a time. */
export interface ReconcileOptions {
  horizons: ReadonlyMap<string, string>
}

const INTERVAL_MS = 5 * 60_000
const PATIENCE_MS = 15 * 60_000

/** Hours that are compared again in each run, those first whose last time is longest ago: so a loss in a quiet hour shows too. */
const ROLLING_HOURS = 48

/** Most hours that did not agree and are compared again in one run, those first whose last time is longest ago. */
const UNEQUAL_HOURS = 500

/** Hours of one statement: its parameters go in its address. */
const CHUNK_HOURS = 50

/** Retention goes by the corrected time and hours by the client's: so far from its end the two are taken to agree. */
const HORIZON_SECONDS = 2 * 24 * 3_600

/** Most hours that one line of the log names. */
const MAX_NAMED = 10

/** What a store has of an hour. */
interface HourSum {
  events: number
  hash: string
}

interface StoredHour {
  /** Seconds since 1970, as text. */
  hour: string
  status: string
  lake_events: string
  lake_hash: string
  warehouse_hash: string
  /** Milliseconds since either was last seen to change, as text. */
  still_ms: string
}

/**
 * One run: compares the hours that changed in either store since the last one, those that did not agree, and some of the
 * others. Does nothing when the last run is less than five minutes ago.
 *
 * @returns hours that differ, by source
 * @throws what ClickHouse or the bucket throws
 */
export async function reconcileLake(
  effects: ReconcileEffects,
  { horizons }: ReconcileOptions,
): Promise<Map<string, number[]>> {
  const differing = new Map<string, number[]>()
  const { bucket, read, log, intervalMs = INTERVAL_MS } = effects
  const [last] = await read<{ age: string }>(
    "SELECT toString(dateDiff('millisecond', max(checked_at), now64(3))) AS age FROM lake_reconciliations",
  )
  if (Number(last?.age ?? intervalMs) < intervalMs) return differing
  const inWarehouse = await read<{ source: string }>('SELECT DISTINCT source FROM events')
  const sources = new Set([...(await listSources(bucket)), ...inWarehouse.map(({ source }) => source)])
  for (const source of [...sources].sort()) {
    try {
      const hours = await reconcileSource(effects, source, horizons.get(source))
      if (hours.length === 0) continue
      differing.set(source, hours)
      const named = hours.slice(0, MAX_NAMED).map((hour) => new Date(hour * 1_000).toISOString())
      log({ level: 'error', event: 'lake_differs', source, count: hours.length, hours: named })
    } catch (error) {
      log({ level: 'error', event: 'reconcile_failed', source, error: String(error).slice(0, 300) })
    }
  }
  return differing
}

/** When the last run of a source began that came to its end: what came since is to be looked at. */
const SINCE = `
SELECT toString(max(checked_at)) AS since, toString(now64(3, 'UTC')) AS now FROM lake_reconciliations
WHERE source = {source:String} AND status = 'compared'`

const MARK = `
INSERT INTO lake_reconciliations (source, hour, status, checked_at)
SELECT {source:String}, toDateTime64(0, 0, 'UTC'), 'compared', {now:DateTime64(3, 'UTC')}`

async function reconcileSource(
  effects: ReconcileEffects,
  source: string,
  horizon: string | undefined,
): Promise<number[]> {
  const { bucket, read, run } = effects
  const [clock] = await read<{ since: string; now: string }>(SINCE, { source })
  if (clock === undefined) throw new Error('ClickHouse does not say what time it is')
  const { manifest } = await readManifest(bucket, source)
  const lake = sumByHour(manifest)
  const stored = await readStored(effects, source)
  const touched = await read<{ hour: string }>(
    `SELECT DISTINCT toString(${LAKE_HOUR_SQL}) AS hour FROM events
WHERE source = {source:String} AND inserted_at >= {since:DateTime64(3, 'UTC')} - INTERVAL 5 MINUTE`,
    { source, since: clock.since },
  )
  const hours = chooseHours({ lake, stored, touched: touched.map(({ hour }) => Number(hour)) })
  const first =
    horizon === undefined ? 0 : Date.parse(`${horizon.replace(' ', 'T')}Z`) / 1_000 + HORIZON_SECONDS
  const compared = hours.filter((hour) => hour >= first)
  const before = new Map(stored.map((row) => [Number(row.hour), row]))
  const differing: number[] = []
  for (let at = 0; at < compared.length; at += CHUNK_HOURS) {
    const chunk = compared.slice(at, at + CHUNK_HOURS)
    differing.push(...(await compareHours(effects, { source, hours: chunk, lake, before })))
  }
  await run(MARK, { source, now: clock.now })
  return differing
}

const NO_EVENTS: HourSum = { events: 0, hash: addIdSums([]) }

interface Comparison {
  source: string
  hours: readonly number[]
  lake: ReadonlyMap<number, HourSum>
  /** As they were compared before. */
  before: ReadonlyMap<number, StoredHour>
}

async function compareHours(
  effects: ReconcileEffects,
  { source, hours, lake, before }: Comparison,
): Promise<number[]> {
  const { run, patienceMs = PATIENCE_MS } = effects
  const warehouse = await readWarehouse(effects, source, hours)
  const rows = hours.flatMap((hour) => {
    const [ours, theirs] = [lake.get(hour) ?? NO_EVENTS, warehouse.get(hour) ?? NO_EVENTS]
    const isEqual = ours.events === theirs.events && ours.hash === theirs.hash
    const last = before.get(hour)
    // Only copies of events that count to another hour lie there.
    if (last === undefined && ours.events + theirs.events === 0) return []
    const isStill = last?.lake_hash === ours.hash && last.warehouse_hash === theirs.hash
    const stillMs = isStill ? Number(last.still_ms) : 0
    const status = isEqual ? 'equal' : stillMs < patienceMs ? 'waiting' : 'differs'
    return [{ hour, status, ours, theirs, stillMs }]
  })
  if (rows.length === 0) return []
  await run(
    `INSERT INTO lake_reconciliations (source, hour, status, lake_events, warehouse_events, lake_hash, warehouse_hash, moved_at)
SELECT {source:String}, toDateTime64(row.1, 0, 'UTC'), row.2, row.3, row.4, row.5, row.6, now64(3) - toIntervalMillisecond(row.7)
FROM (SELECT arrayJoin(arrayZip({hours:Array(Int64)}, {statuses:Array(String)}, {lakeEvents:Array(UInt64)}, {warehouseEvents:Array(UInt64)}, {lakeHashes:Array(String)}, {warehouseHashes:Array(String)}, {stillMs:Array(UInt64)})) AS row)`,
    {
      source,
      hours: rows.map(({ hour }) => hour),
      statuses: rows.map(({ status }) => status),
      lakeEvents: rows.map(({ ours }) => ours.events),
      warehouseEvents: rows.map(({ theirs }) => theirs.events),
      lakeHashes: rows.map(({ ours }) => ours.hash),
      warehouseHashes: rows.map(({ theirs }) => theirs.hash),
      stillMs: rows.map(({ stillMs }) => stillMs),
    },
  )
  return rows.filter(({ status }) => status === 'differs').map(({ hour }) => hour)
}

/** Events by hour in seconds since 1970. */
function sumByHour({ files }: Manifest): Map<number, HourSum> {
  const byHour = Map.groupBy(files, ({ path }) => (parseFileKey(path)?.hour ?? 0) / 1_000)
  return new Map(
    [...byHour].map(([hour, some]) => [
      hour,
      {
        events: some.reduce((sum, { rows }) => sum + rows, 0),
        hash: addIdSums(some.map(({ idSum }) => idSum)),
      },
    ]),
  )
}

/** As they were last compared, the longest ago first. */
function readStored({ read }: ReconcileEffects, source: string): Promise<StoredHour[]> {
  return read<StoredHour>(
    `SELECT toString(toInt64(hour)) AS hour, status, toString(lake_events) AS lake_events, lake_hash, warehouse_hash,
  toString(greatest(0, dateDiff('millisecond', moved_at, now64(3)))) AS still_ms
FROM lake_reconciliations FINAL WHERE source = {source:String} AND status != 'compared' ORDER BY checked_at, hour`,
    { source },
  )
}

/** Which hours are compared, in order, each once. */
export function chooseHours({
  lake,
  stored,
  touched,
}: {
  lake: ReadonlyMap<number, HourSum>
  stored: readonly StoredHour[]
  touched: readonly number[]
}): number[] {
  const known = new Map(stored.map((row) => [Number(row.hour), row]))
  const changed = [...lake].flatMap(([hour, { events, hash }]) => {
    const row = known.get(hour)
    return row?.lake_hash === hash && Number(row.lake_events) === events ? [] : [hour]
  })
  const vanished = stored.filter((row) => Number(row.lake_events) > 0 && !lake.has(Number(row.hour)))
  const unequal = stored.filter(({ status }) => status !== 'equal').slice(0, UNEQUAL_HOURS)
  const oldest = stored.slice(0, ROLLING_HOURS)
  const again = [...vanished, ...unequal, ...oldest].map(({ hour }) => Number(hour))
  return [...new Set([...touched, ...changed, ...again])].sort((a, b) => a - b)
}

interface WarehouseRow {
  hour: string
  events: string
  hash: string
}

/** What ClickHouse alone has refused was accepted, and so is in the lake: it counts by the text that the quarantine has of it. */
async function readWarehouse(
  { read }: ReconcileEffects,
  source: string,
  hours: readonly number[],
): Promise<Map<number, HourSum>> {
  const rows = await read<WarehouseRow>(
    `
SELECT toString(lake_hour) AS hour, toString(count()) AS events, ${ID_SUM_SQL} AS hash
FROM (
  SELECT message_id, ${LAKE_HOUR_SQL} AS lake_hour
  FROM events FINAL
  WHERE source = {source:String} AND (
    toStartOfHour(original_timestamp) IN {keys:Array(DateTime('UTC'))}
    OR (toStartOfHour(original_timestamp) = toDateTime(0, 'UTC') AND toStartOfHour(received_at) IN {keys:Array(DateTime('UTC'))})
  )
  UNION DISTINCT
  SELECT message_id, intDiv(if(stated = 0, toUnixTimestamp64Milli(received_at), stated), 3600000) * 3600 AS lake_hour
  FROM (SELECT message_id, received_at, JSONExtractInt(raw, 'originalTimestamp') AS stated FROM quarantine FINAL WHERE source = {source:String} AND reason = 'not_storable')
  WHERE message_id NOT IN (SELECT message_id FROM events WHERE source = {source:String} AND message_id IN (SELECT message_id FROM quarantine WHERE source = {source:String} AND reason = 'not_storable'))
)
WHERE lake_hour IN {hours:Array(Int64)}
GROUP BY lake_hour`,
    // The sorting key has hours as ClickHouse's 32 bits hold them.
    { source, hours, keys: hours.map((hour) => hour % 2 ** 32) },
  )
  return new Map(rows.map(({ hour, events, hash }) => [Number(hour), { events: Number(events), hash }]))
}
