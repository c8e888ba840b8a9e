/** Inserts rows into ClickHouse over HTTP. Knows credentials and settings, not events. */

import { createClient } from '@clickhouse/client-web'
import { describeNative, encodeNative, type Row } from '@millrace/schemas/native'
import { requireSuccess } from './errors.ts'

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

/**
 * Inserts rows into one table, all with the keys of the first in the same order; resolves when ClickHouse has committed
 * them, rejects with an error whose `code` and `type` are ClickHouse's where it is one of ClickHouse's.
 */
export type InsertRows = (table: string, rows: readonly Row[]) => Promise<void>

/** How long ClickHouse may take over one insert, in seconds. It ends it itself then, so no row comes long after. */
const MAX_INSERT_SECONDS = 30

/** Longer, so that ClickHouse has the time to say why. */
const INSERT_TIMEOUT_MS = (MAX_INSERT_SECONDS + 5) * 1_000

const INSERT_SETTINGS = {
  max_execution_time: String(MAX_INSERT_SECONDS),
  async_insert: '0',
  // A person's key `a.b` beside `a: { b }` would be refused as the same path; escaped, both are kept.
  json_type_escape_dots_in_keys: '1',
  // What a person sent is stored as it was sent: text that looks like a date stays text, `[true, 1]` stays two kinds.
  input_format_try_infer_dates: '0',
  input_format_try_infer_datetimes: '0',
  input_format_json_read_bools_as_numbers: '0',
  input_format_json_read_bools_as_strings: '0',
  input_format_json_read_numbers_as_strings: '0',
  // An import of years of history touches a partition a week; the default of 100 would refuse it.
  max_partitions_per_insert_block: '0',
  // A table in a cluster is behind a Distributed one: the answer must mean that the shards have the rows.
  distributed_foreground_insert: '1',
  // The answer's status is decided when all is done, not when the first bytes go.
  wait_end_of_query: '1',
}

/**
 * Inserts are synchronous: `async_insert` with deduplication has lost data (ClickHouse#111031), and an answer must mean
 * that the rows are there. They go by `fetch`, because the official client takes text formats only.
 */
export function createWarehouse(connection: WarehouseConnection): Warehouse {
  const client = createClient({ ...connection, application: 'millrace' })
  const headers = { Authorization: authorize(connection) }
  return {
    async insert(table, rows) {
      // By name: ClickHouse leaves out a field that has no column and says nothing. A column that is named and missing,
      // because this Worker is newer than its table, is an error that waits for the migration.
      const columns = Object.keys(rows[0] ?? {})
      if (columns.length === 0) return
      const response = await fetch(insertUrl(connection, table, columns), {
        method: 'POST',
        headers,
        body: encodeNative(columns, rows),
        signal: AbortSignal.timeout(INSERT_TIMEOUT_MS),
      })
      await requireSuccess(response)
    },
    async ping() {
      const result = await client.ping()
      if (!result.success) throw result.error
    },
  }
}

function insertUrl(
  { url: base, database }: WarehouseConnection,
  table: string,
  columns: readonly string[],
): URL {
  const url = new URL(base)
  // Through `input`, because of a block for the table itself ClickHouse casts text to JSON without the settings above.
  const query = `INSERT INTO ${table} (${columns.join(', ')}) SELECT * FROM input('${describeNative(columns)}') FORMAT Native`
  for (const [name, value] of Object.entries({ database, query, ...INSERT_SETTINGS })) {
    url.searchParams.set(name, value)
  }
  return url
}

/** As RFC 7617 has it, in UTF-8. */
function authorize({ username, password }: WarehouseConnection): string {
  const bytes = new TextEncoder().encode(`${username}:${password}`)
  return `Basic ${btoa(String.fromCharCode(...bytes))}`
}
