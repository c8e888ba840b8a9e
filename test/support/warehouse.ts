/** ClickHouse with the migrations, the sink and the recomputation, without a Worker around them: envelopes in, tables out. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Envelope } from '@millrace/schemas'
import { type RecomputeReport, recompute, type SourceMeasures } from '@millrace/schemas/recompute'
import { createStatements } from '../../consumers/src/statements.ts'
import { createWarehouse, type InsertRows } from '../../consumers/src/warehouse/insert.ts'
import { createWarehouseSink } from '../../consumers/src/warehouse/sink.ts'
import { startClickHouse } from '../../local/src/clickhouse/process.ts'
import { DATABASE, migrate } from '../../local/src/migrate.ts'
import { copyMigratedData } from './migrated-data.ts'

/** Options of {@link TestWarehouse.recompute}. */
export interface RunOptions {
  /** Makes this statement fail, as a Worker that is gone would; they are counted from 1. */
  failAt?: number
  /** New rows that are too many for one run. */
  maxEvents?: number
  /** Default 0: each insert has ended when the next run begins. */
  overlapSeconds?: number
}

/** A warehouse for one test file. */
export interface TestWarehouse {
  url: string
  /** Writes one queue batch as the consumer does. */
  write: (envelopes: readonly Envelope[]) => Promise<void>
  /** Writes rows as they are. */
  insert: InsertRows
  /** One run. */
  recompute: (options?: RunOptions) => Promise<RecomputeReport>
  /** Rows of a query. */
  query: <Row>(sql: string, parameters?: Record<string, unknown>) => Promise<Row[]>
  /** Runs a statement. */
  run: (sql: string, parameters?: Record<string, unknown>) => Promise<void>
  /** Statements that the last run made. */
  statementCount: () => number
  stop: () => Promise<void>
}

/** The run was cut off on purpose. */
export class CutOff extends Error {}

/** Starts it. */
export async function startWarehouse(measures: readonly SourceMeasures[] = []): Promise<TestWarehouse> {
  const dataPath = await mkdtemp(join(tmpdir(), 'millrace-warehouse-'))
  await copyMigratedData(dataPath)
  const clickhouse = await startClickHouse({ dataPath, port: 0 })
  await migrate(clickhouse.url)
  const connection = { url: clickhouse.url, username: 'default', password: '', database: DATABASE }
  const { insert } = createWarehouse(connection)
  const sink = createWarehouseSink({ insert })
  const statements = createStatements(connection)
  let count = 0
  return {
    url: clickhouse.url,
    insert,
    async write(envelopes) {
      const deliveries = envelopes.map((envelope, index) => ({ messageId: String(index), envelope }))
      const outcomes = await sink.write(deliveries)
      const failed = outcomes.find(({ kind }) => kind !== 'written')
      if (failed !== undefined) throw new Error(JSON.stringify(failed))
    },
    recompute({ failAt = Number.POSITIVE_INFINITY, maxEvents = 500_000, overlapSeconds = 0 } = {}) {
      count = 0
      const guard = () => {
        count++
        if (count >= failAt) throw new CutOff(`statement ${count}`)
      }
      return recompute(
        {
          async run(sql, parameters) {
            guard()
            await statements.run(sql, parameters)
          },
          async read<Row>(sql: string, parameters?: Record<string, unknown>) {
            guard()
            return statements.read<Row>(sql, parameters)
          },
          randomId: () => crypto.randomUUID(),
          sleep: async () => {},
          // Those that were cut off on purpose need not be waited for.
          patienceMs: 0,
          overlapSeconds,
          maxEvents,
          log: () => {},
        },
        { measures, horizons: new Map() },
      )
    },
    query: statements.read,
    run: statements.run,
    statementCount: () => count,
    async stop() {
      await clickhouse.stop()
      await rm(dataPath, { recursive: true, force: true })
    },
  }
}
