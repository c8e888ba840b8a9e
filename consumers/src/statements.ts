/** Runs statements in ClickHouse with the official client. Knows credentials, not what is asked. */

import { type ClickHouseSettings, createClient } from '@clickhouse/client-web'
import type { WarehouseConnection } from './warehouse/insert.ts'

/** Values of the parameters that a statement names as `{name:Type}`. */
export type Parameters = Record<string, unknown>

/** What the scheduled work does with ClickHouse; everything rejects with the client's error. */
export interface Statements {
  /** Runs a statement without a result; resolves when its effect is there for all to read. */
  run: (sql: string, parameters?: Parameters) => Promise<void>
  /** Rows of a query; a 64-bit integer may be text. */
  read: <Row>(sql: string, parameters?: Parameters) => Promise<Row[]>
}

/** Longest that one statement may take; a cron handler of Cloudflare has 15 minutes. */
const STATEMENT_TIMEOUT_MS = 300_000

const SETTINGS: ClickHouseSettings = {
  max_execution_time: STATEMENT_TIMEOUT_MS / 1_000,
  // The partition of events is the same for every copy, so no copy is sought in another one.
  do_not_merge_across_partitions_select_final: 1,
  // A table in a cluster is behind a Distributed one; an insert then answers when the shards have it.
  distributed_foreground_insert: 1,
  distributed_product_mode: 'global',
  // Work that lies years back touches a partition a week.
  max_partitions_per_insert_block: '0',
  // As inserts have it: what is read as JSON again stays what it was.
  json_type_escape_dots_in_keys: 1,
  input_format_try_infer_dates: 0,
  input_format_try_infer_datetimes: 0,
  input_format_json_read_bools_as_numbers: 0,
  input_format_json_read_bools_as_strings: 0,
  input_format_json_read_numbers_as_strings: 0,
  wait_end_of_query: 1,
  // A line that says nothing for a minute is cut by many a load balancer.
  send_progress_in_http_headers: 1,
  http_headers_progress_interval_ms: '15000',
}

/** Statements over HTTP. */
export function createStatements(connection: WarehouseConnection): Statements {
  const client = createClient({
    ...connection,
    // So that ClickHouse has the time to say why.
    request_timeout: STATEMENT_TIMEOUT_MS + 15_000,
    application: 'millrace',
    clickhouse_settings: SETTINGS,
  })
  return {
    async run(query, parameters = {}) {
      await client.command({ query, query_params: parameters })
    },
    async read<Row>(query: string, parameters: Parameters = {}) {
      const result = await client.query({ query, query_params: parameters, format: 'JSONEachRow' })
      return result.json<Row>()
    },
  }
}
