/** ClickHouse as a deployment needs it: checked, its tables planned and brought to this release, and asked for the proof. */

import {
  type Loss,
  type MigrationStep,
  migrateWarehouse,
  type PlannedStatement,
  planWarehouse,
  type RunStatement,
} from '@millrace/schemas/migrations'
import { createQuery } from '../clickhouse.ts'
import type { CollectorFetch } from '../collector-request.ts'
import { type ClickHousePlace, checkClickHouse } from '../doctor/check-clickhouse.ts'
import type { Finding } from '../doctor/finding.ts'
import { readGoal } from '../migrate/goal.ts'
import { patientFetch } from '../migrate/patient-fetch.ts'

/** A ClickHouse. */
export interface Warehouse {
  /** What the doctor says of it, but for its tables, which are what a deployment brings about. */
  check: () => Promise<Finding[]>
  /** Statements that {@link Warehouse.migrate} would run. */
  plan: () => Promise<PlannedStatement[]>
  /** Runs them. @throws as `migrateWarehouse` does */
  migrate: (tell: {
    confirm: (loss: Loss) => Promise<boolean>
    onDone: (step: MigrationStep) => void
    onWait: () => void
  }) => Promise<void>
  run: RunStatement
}

/** Opens one. */
export type OpenWarehouse = (config: string, place: ClickHousePlace, signal: AbortSignal) => Warehouse

/** The one at that address. */
export function createOpenWarehouse(fetch: CollectorFetch): OpenWarehouse {
  return (config, place, signal) => {
    const connection = { ...place, fetch: patientFetch, signal }
    const [inside, outside] = [createQuery(connection), createQuery({ ...connection, database: '' })]
    const run: RunStatement = (sql) => inside(sql, {})
    const ask = { run, runOutside: (<Row>(sql: string) => outside<Row>(sql, {})) as RunStatement }
    return {
      async check() {
        const { findings } = await checkClickHouse(place, undefined, { fetch, now: Date.now }, signal)
        return findings.filter(({ check }) => check !== 'tables' && check !== 'retention')
      },
      plan: async () => planWarehouse(await readGoal(config, place), ask),
      migrate: async (tell) => migrateWarehouse(await readGoal(config, place), { ...ask, ...tell }),
      run,
    }
  }
}
