/** The request that inserts rows in the Native format over ClickHouse's HTTP interface. Pure. */

import { describeNative } from './native.ts'
import { JSON_SETTINGS } from './settings.ts'

/** Where rows go. */
export interface InsertTarget {
  /** For example `http://127.0.0.1:8123`. */
  url: string
  database: string
  table: string
  /** Columns of the rows, in the order that they are encoded in. */
  columns: readonly string[]
  /** How long ClickHouse may take, in seconds. It ends the insert itself then, so no row comes long after. */
  maxSeconds: number
}

const SETTINGS = {
  // Asynchronous inserts with deduplication have lost data (ClickHouse#111031), and an answer must mean that the rows are there.
  async_insert: 0,
  ...JSON_SETTINGS,
  // An import of years of history touches a partition a week; the default of 100 would refuse it.
  max_partitions_per_insert_block: 0,
  // A table in a cluster is behind a Distributed one: the answer must mean that the shards have the rows.
  distributed_foreground_insert: 1,
  // The answer's status is decided when all is done, not when the first bytes go.
  wait_end_of_query: 1,
}

/** Address that a body of `encodeNative(columns, rows)` is posted to. Idempotent as far as the table deduplicates. */
export function insertUrl({ url: base, database, table, columns, maxSeconds }: InsertTarget): URL {
  const url = new URL(base)
  // Through `input`, because of a block for the table itself ClickHouse casts text to JSON without the settings above.
  const query = `INSERT INTO ${table} (${columns.join(', ')}) SELECT * FROM input('${describeNative(columns)}') FORMAT Native`
  const parameters = { database, query, max_execution_time: maxSeconds, ...SETTINGS }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, String(value))
  return url
}
