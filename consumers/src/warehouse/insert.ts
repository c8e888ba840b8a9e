/** Inserts rows into ClickHouse over HTTP with the official client. Knows credentials and settings, not events. */

import { type ClickHouseSettings, createClient } from '@clickhouse/client-web'
import type { JsonValue } from '@millrace/schemas'

/** Where ClickHouse is. */
export interface WarehouseConnection {
  url: string
  username: string
  password: string
  database: string
}

/** What the Worker does with ClickHouse. */
export interface Warehouse {
  insert: InsertRows
  /** Rejects when ClickHouse does not answer. */
  ping: () => Promise<void>
}

/** Inserts rows into one table, all with the keys of the first; resolves when ClickHouse has committed them, rejects with the client's error. */
export type InsertRows = (table: string, rows: readonly Record<string, JsonValue>[]) => Promise<void>

const INSERT_SETTINGS: ClickHouseSettings = {
  async_insert: 0,
  // A person's key `a.b` beside `a: { b }` would be refused as the same path; escaped, both are kept.
  json_type_escape_dots_in_keys: 1,
  // What a person sent is stored as it was sent: text that looks like a date stays text, `[true, 1]` stays two kinds.
  input_format_try_infer_dates: 0,
  input_format_try_infer_datetimes: 0,
  input_format_json_read_bools_as_numbers: 0,
  input_format_json_read_bools_as_strings: 0,
  input_format_json_read_numbers_as_strings: 0,
  // An import of years of history touches a partition a month; the default of 100 would refuse it.
  max_partitions_per_insert_block: '0',
}

/** How long ClickHouse may take over one insert. */
const INSERT_TIMEOUT_MS = 30_000

/**
 * Inserts are synchronous: `async_insert` with deduplication has lost data (ClickHouse#111031), and an answer must mean
 * that the rows are there.
 */
export function createWarehouse(connection: WarehouseConnection): Warehouse {
  const client = createClient({ ...connection, request_timeout: INSERT_TIMEOUT_MS, application: 'millrace' })
  return {
    async insert(table, rows) {
      const [first, ...others] = Object.keys(rows[0] ?? {})
      if (first === undefined) return
      await client.insert({
        table,
        // By name: ClickHouse leaves out a field that has no column and says nothing. A column that is named and missing,
        // because this Worker is newer than its table, is an error that waits for the migration.
        columns: [first, ...others],
        values: rows,
        format: 'JSONEachRow',
        clickhouse_settings: INSERT_SETTINGS,
      })
    },
    async ping() {
      const result = await client.ping()
      if (!result.success) throw result.error
    },
  }
}
