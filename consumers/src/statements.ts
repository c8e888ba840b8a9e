/** Runs statements in ClickHouse with the official client. Knows credentials, not what is asked. */

import { type ClickHouseSettings, createClient } from '@clickhouse/client-web'
import { JSON_SETTINGS } from '@millrace/schemas/native'
import type { Parameters, Statements } from '@millrace/schemas/recompute'
import type { WarehouseConnection } from './warehouse/insert.ts'

export type { Parameters, Statements }

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
  // As inserts have it.
  ...JSON_SETTINGS,
  wait_end_of_query: 1,
  // A line that says nothing for a minute is cut by many a load balancer.
  send_progress_in_http_headers: 1,
  http_headers_progress_interval_ms: '15000',
}

/** What the Worker knows of ClickHouse. */
export interface ClickHouseEnv {
  CLICKHOUSE_URL: string
  CLICKHOUSE_USER: string
  CLICKHOUSE_PASSWORD: string
  CLICKHOUSE_DATABASE: string
}

/** Where a Worker's ClickHouse is. */
export function connectionOf(env: ClickHouseEnv): WarehouseConnection {
  return {
    url: env.CLICKHOUSE_URL,
    username: env.CLICKHOUSE_USER,
    password: env.CLICKHOUSE_PASSWORD,
    database: env.CLICKHOUSE_DATABASE,
  }
}

/** Longest that an insert of rows as JSON may take. */
const JSON_INSERT_TIMEOUT_MS = 30_000

/** Inserts of few rows, as JSON. Resolves when ClickHouse has them. */
export function createJsonInsert(
  env: ClickHouseEnv,
): (table: string, rows: readonly object[]) => Promise<void> {
  const client = createClient({
    ...connectionOf(env),
    request_timeout: JSON_INSERT_TIMEOUT_MS,
    application: 'millrace',
    // An answer must mean that the rows are there; `async_insert` with deduplication has lost data (ClickHouse#111031).
    clickhouse_settings: { async_insert: 0, distributed_foreground_insert: 1, wait_end_of_query: 1 },
  })
  return async (table, rows) => {
    await client.insert({ table, values: [...rows], format: 'JSONEachRow' })
  }
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
