/** Copies events from one database to another that has not got them. Week by week, so that it fits into memory. */

import type { Database } from './databases.ts'
import { readOne } from './databases.ts'

/** Name of the table of the shadow that remembers which events a transform left out. */
export const LEFT_OUT = 'replay_left_out'

/** Makes it. */
export const CREATE_LEFT_OUT = `
CREATE TABLE IF NOT EXISTS ${LEFT_OUT} (source LowCardinality(String), message_id String)
ENGINE = ReplacingMergeTree ORDER BY (source, message_id)`

/** Which events are copied. */
export interface CopyOptions {
  from: Database
  to: Database
  /**
   * Whether an event that is there is copied too when this copy of it is another one, which may be the one that counts.
   * Not after a transform: that has changed them on purpose.
   */
  comparesCopies: boolean
  /** Name of the database with {@link LEFT_OUT}, when events were left out. */
  leftOutIn?: string | undefined
  /** Further condition on the events that are copied. Default: all. */
  condition?: string
  parameters?: Record<string, unknown>
}

/**
 * Copies them; they count as inserted now, so the next recomputation takes them up. Idempotent.
 *
 * @returns rows that were copied, by source
 */
export async function copyMissing(options: CopyOptions): Promise<Map<string, number>> {
  const { from, to, condition = '1', parameters = {} } = options
  const columns = await columnsOf(to)
  const weeks = await from.read<{ week: string }>(
    `SELECT DISTINCT toString(toMonday(original_timestamp)) AS week FROM events WHERE ${condition} ORDER BY week`,
    parameters,
  )
  const copied = new Map<string, number>()
  for (const { week } of weeks) {
    const missing = `FROM ${from.name}.events AS e FINAL WHERE ${conditionOf(options)}`
    const counts = await from.read<{ source: string; count: string }>(
      `SELECT source, count() AS count ${missing} GROUP BY source`,
      { ...parameters, week },
    )
    if (counts.length === 0) continue
    await to.run(`INSERT INTO ${to.name}.events (${columns}) SELECT ${columns} ${missing}`, {
      ...parameters,
      week,
    })
    for (const { source, count } of counts) copied.set(source, (copied.get(source) ?? 0) + Number(count))
  }
  return copied
}

function conditionOf({ to, comparesCopies, leftOutIn, condition = '1' }: CopyOptions): string {
  const key = comparesCopies ? 'source, message_id, copy_rank' : 'source, message_id'
  const inWeek = 'toMonday(original_timestamp) = {week:Date}'
  const leftOut =
    leftOutIn === undefined
      ? ''
      : `AND (source, message_id) NOT IN (SELECT source, message_id FROM ${leftOutIn}.${LEFT_OUT})`
  return `${inWeek} AND (${condition}) AND (${key}) NOT IN (SELECT ${key} FROM ${to.name}.events WHERE ${inWeek}) ${leftOut}`
}

/** Columns that are stored, save the time of the insert. */
async function columnsOf(database: Database): Promise<string> {
  const { columns } = await readOne<{ columns: string }>(
    database,
    `SELECT arrayStringConcat(groupArray(name), ', ') AS columns
FROM (
  SELECT name FROM system.columns
  WHERE database = currentDatabase() AND table = 'events' AND default_kind NOT IN ('MATERIALIZED', 'ALIAS') AND name != 'inserted_at'
  ORDER BY position
)`,
  )
  return columns
}
