/** Inserts rows into ClickHouse over HTTP. Knows credentials and settings, not events. */

import { createClient } from '@clickhouse/client-web'
import { encodeNative, insertUrl, type Row, requireSuccess } from '@millrace/schemas/native'

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
      const { url, database } = connection
      const target = insertUrl({ url, database, table, columns, maxSeconds: MAX_INSERT_SECONDS })
      const response = await fetch(target, {
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

/** As RFC 7617 has it, in UTF-8. */
function authorize({ username, password }: WarehouseConnection): string {
  const bytes = new TextEncoder().encode(`${username}:${password}`)
  return `Basic ${btoa(String.fromCharCode(...bytes))}`
}
