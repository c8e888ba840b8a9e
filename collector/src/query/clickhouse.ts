/** Runs statements in ClickHouse with the official client. Knows credentials, not questions. */

import { ClickHouseLogLevel, createClient } from '@clickhouse/client-web'
import type { Cell } from './question.ts'
import type { RunStatement } from './reader.ts'

/** Where ClickHouse is. */
export interface ReaderConnection {
  url: string
  username: string
  password: string
  database: string
}

/** Longer than a statement may run, so that ClickHouse itself says that it took too long. */
const REQUEST_TIMEOUT_MS = 15_000

/** A function that runs statements. */
export function createRunStatement(connection: ReaderConnection): RunStatement {
  const client = createClient({
    ...connection,
    request_timeout: REQUEST_TIMEOUT_MS,
    application: 'millrace',
    // What goes wrong is told by whoever asked, without values.
    log: { level: ClickHouseLogLevel.OFF },
  })
  return async ({ text, parameters, settings }) => {
    const result = await client.query({
      query: text,
      query_params: parameters,
      clickhouse_settings: settings,
      format: 'JSONCompact',
    })
    const { data } = await result.json<Cell[]>()
    return data
  }
}
