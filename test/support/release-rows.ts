/** The rows that a release's messages became, without what differs from run to run. */

import type { TestStack } from './stack.ts'

/** A row of a table. */
export type Row = Record<string, unknown>

/** Tables whose rows are golden, and the columns that are left out because they tell when the row was written. */
export const GOLDEN_TABLES = {
  events: 'SELECT * EXCEPT (inserted_at) FROM events FINAL ORDER BY source, message_id',
  quarantine: 'SELECT * FROM quarantine FINAL ORDER BY source, message_id, reason',
  omitted: 'SELECT * FROM omitted FINAL ORDER BY source, message_id, batch_id, batch_index',
} as const

/** One of {@link GOLDEN_TABLES}. */
export type GoldenTable = keyof typeof GOLDEN_TABLES

/** Rows of a table of all sources but the heartbeat's, whose ids and times nobody chose. */
export async function readTable({ query }: Pick<TestStack, 'query'>, table: GoldenTable): Promise<Row[]> {
  const rows = await query<Row>(GOLDEN_TABLES[table])
  return rows.filter(({ source }) => source !== 'heartbeat')
}

/** Rows with the columns of the golden ones alone: a later version may have more. */
export function withColumnsOf(golden: readonly Row[], rows: readonly Row[]): Row[] {
  const columns = Object.keys(golden[0] ?? {})
  return rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])))
}
