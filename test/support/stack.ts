/**
 * The one way journeys start and stop the whole stack: free ports, a fresh data folder, and nothing left behind.
 *
 * ```ts
 * const stack = await startTestStack()
 * afterAll(() => stack.stop())
 * ```
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { type Stack, type StackOptions, startStack } from '@millrace/local/stack'
import { copyMigratedData } from './migrated-data.ts'

/** A stack for one test file. */
export interface TestStack extends Stack {
  /** Rows of a query against the database `millrace`. */
  query: <Row>(query: string, parameters?: Record<string, unknown>) => Promise<Row[]>
  /** Posts a batch with the development write key, unless the body has another. */
  post: (body: object, path?: string) => Promise<Response>
  /** Lines that the Worker logged. */
  workerLog: string[]
  /** Folder of its data; gone after `stop`. */
  dataPath: string
}

/** Starts it. ClickHouse stays down once killed, and the cron runs only when it is triggered. */
export async function startTestStack(options: Partial<StackOptions> = {}): Promise<TestStack> {
  const dataPath = await mkdtemp(join(tmpdir(), 'millrace-test-'))
  if (options.dataPath === undefined) await copyMigratedData(join(dataPath, 'clickhouse'))
  const workerLog: string[] = []
  const stack = await startStack({
    port: 0,
    clickhousePort: 0,
    dataPath,
    keepClickHouse: false,
    cronIntervalMs: 0,
    onWorkerLog: (line) => void workerLog.push(line),
    ...options,
    // Most journeys count events, and want none but their own.
    variables: { MILLRACE_HEARTBEAT: 'off', ...options.variables },
  })
  // Journeys take ClickHouse away on purpose; the client need not remark on it.
  const log = { level: ClickHouseLogLevel.OFF }
  const client = createClient({ url: stack.clickhouseUrl, database: 'millrace', log })
  const test: TestStack = {
    ...stack,
    workerLog,
    dataPath,
    async query<Row>(query: string, parameters: Record<string, unknown> = {}) {
      const result = await client.query({ query, query_params: parameters, format: 'JSONEachRow' })
      return result.json<Row>()
    },
    post: (body, path = '/v1/batch') =>
      fetch(`${stack.worker.url}${path}`, {
        method: 'POST',
        body: JSON.stringify({ writeKey: 'dev', ...body }),
      }),
    async stop() {
      await client.close()
      // A test may have put another one in its place.
      if (test.worker !== stack.worker) await test.worker.stop()
      await stack.stop()
      await rm(dataPath, { recursive: true, force: true })
    },
  }
  return test
}
