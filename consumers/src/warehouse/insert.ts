/** Inserts rows into ClickHouse over HTTP with the official client. Knows credentials and settings, not events. */

import { createClient } from '@clickhouse/client-web'
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

/** Inserts rows into one table; resolves when ClickHouse has them on disk, rejects with the client's error. */
export type InsertRows = (table: string, rows: readonly Record<string, JsonValue>[]) => Promise<void>

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
      await client.insert({
        table,
        values: rows,
        format: 'JSONEachRow',
        clickhouse_settings: {
          async_insert: 0,
          date_time_input_format: 'best_effort',
          // A person's key `a.b` beside `a: { b }` would be refused as the same path; escaped, both are kept.
          json_type_escape_dots_in_keys: 1,
          // An import of years of history touches a partition a month; the default of 100 would refuse it.
          max_partitions_per_insert_block: '0',
        },
      })
    },
    async ping() {
      const result = await client.ping()
      if (!result.success) throw result.error
    },
  }
}
