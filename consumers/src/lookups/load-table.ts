/**
 * Brings one lookup table into ClickHouse: the whole table beside the one that is known, then what differs as one insert,
 * then the dictionaries. May be cut off anywhere; the table is then loaded again, and finds nothing or the rest to do.
 */

import { reloadDictionaries, toDateTime } from '@millrace/schemas/recompute'
import type { Statements } from '../statements.ts'
import { joinLines } from './table-lines.ts'

/** A table of a source. */
export interface TableName {
  source: string
  name: string
}

/** A version of a table. */
export interface TableVersion extends TableName {
  /** Version that events carry in `lookup_versions`; empty when the table was removed. */
  version: string
  /** When it was stored, in milliseconds since 1970: its rows hold from then on. */
  storedAt: number
  /** Its rows, as `tableLines` gives them. */
  lines: Iterable<string>
}

/** What {@link loadTable} works with. */
export interface LoadEffects extends Statements {
  randomId: () => string
  /** Name of the cluster whose every server has the dictionaries; absent for one server. */
  cluster?: string | undefined
}

/** What came of a load. */
export interface TableLoad {
  /** Rows of the table. */
  rows: number
  /** Rows that are new, other than before, or gone. */
  changed: number
}

/** Length of an insert, in UTF-16 units. */
const CHUNK_LENGTH = 1_000_000

const BEGIN = `
INSERT INTO lookup_loads (source, name, load, step, version, rows)
SELECT {source:String}, {name:String}, {load:String}, 'begun', {version:String}, 0`

const STAGE = `
INSERT INTO lookup_staging (load, key, row)
SELECT {load:String}, key, row FROM input('key String, row String') FORMAT JSONEachRow`

/** The last row of each key of the table, empty where the key is gone. */
const LATEST = `
SELECT key, argMax(row, valid_from) AS latest, max(valid_from) AS since
FROM lookup_rows FINAL
WHERE source = {source:String} AND name = {name:String}
GROUP BY key`

/**
 * A row that is equal to the one before stays as it is. Nothing is written before the last change: had another version come in
 * between, it would otherwise stand after this one.
 */
const CHANGE = `
INSERT INTO lookup_rows (source, name, key, row, valid_from, version)
SELECT
  {source:String}, {name:String}, key, anyIf(text, is_new) AS row,
  greatest({storedAt:DateTime64(3, 'UTC')}, (SELECT max(since) FROM (${LATEST}))),
  {version:String}
FROM (
  SELECT key, row AS text, true AS is_new FROM lookup_staging WHERE load = {load:String}
  UNION ALL
  SELECT key, latest AS text, false AS is_new FROM (${LATEST})
)
GROUP BY key
HAVING anyIf(text, is_new) != anyIf(text, NOT is_new)`

const COUNT = `
SELECT
  (SELECT count() FROM lookup_staging WHERE load = {load:String}) AS rows,
  (SELECT count() FROM lookup_rows FINAL WHERE source = {source:String} AND name = {name:String} AND version = {version:String} AND written_at >= (
    SELECT max(at) FROM lookup_loads WHERE load = {load:String})) AS changed`

const END = `
INSERT INTO lookup_loads (source, name, load, step, version, rows)
SELECT {source:String}, {name:String}, {load:String}, 'done', {version:String}, {rows:UInt32}`

/** Keys of the table of which a dictionary says something else than the table. */
const STALE = `
SELECT countIf(
  dictGetOrDefault(concat(currentDatabase(), '.lookup_today'), 'row', ({source:String}, {name:String}, key), '') != latest
  OR dictGetOrDefault(concat(currentDatabase(), '.lookup_then'), 'row', ({source:String}, {name:String}, key), toUnixTimestamp64Milli(since), '') != latest
) AS stale
FROM (${LATEST})`

/**
 * Loads a version. Idempotent: the same version again changes nothing.
 *
 * @throws what ClickHouse throws, or Error when the dictionaries do not take it
 */
export async function loadTable(
  effects: LoadEffects,
  { source, name, version, storedAt, lines }: TableVersion,
): Promise<TableLoad> {
  const { run, read, randomId, cluster } = effects
  const parameters = { source, name, version, storedAt: toDateTime(storedAt), load: randomId() }
  await run(BEGIN, parameters)
  for (const chunk of joinLines(lines, CHUNK_LENGTH)) await run(`${STAGE}\n${chunk}`, parameters)
  await run(CHANGE, parameters)
  const [counts] = await read<{ rows: string; changed: string }>(COUNT, parameters)
  const load = { rows: Number(counts?.rows), changed: Number(counts?.changed) }
  await reloadDictionaries(effects, {
    dictionaries: ['lookup_today', 'lookup_then'],
    cluster,
    staleQuery: STALE,
    parameters,
  })
  // Last, so that a load that was cut off before the dictionaries had it is made again.
  await run(END, { ...parameters, rows: load.rows })
  return load
}
