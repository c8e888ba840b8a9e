/** The two databases of a replay: the live one, and its shadow. Makes, empties and drops them. */

import type { FetchLike } from '@millrace/node'
import { migrateWarehouse, type RunStatement, readWarehouse } from '@millrace/schemas/migrations'
import { JSON_SETTINGS } from '@millrace/schemas/native'
import type { Statements } from '@millrace/schemas/recompute'
import { ClickHouseFailure, createQuery } from '../clickhouse.ts'
import { type Goal, readGoal } from '../migrate/goal.ts'

/** How ClickHouse is reached. */
export interface WarehouseAccess {
  url: string
  user: string
  password: string
  fetch: FetchLike
  signal: AbortSignal
}

/** One database. */
export interface Database extends Statements {
  name: string
}

/** Name of a database's shadow. */
export function shadowOf(database: string): string {
  return `${database}_shadow`
}

/** As the Worker has them, without its limits of time. */
const SETTINGS = {
  // The partition of events is the same for every copy, so no copy is sought in another one.
  do_not_merge_across_partitions_select_final: 1,
  distributed_foreground_insert: 1,
  distributed_product_mode: 'global',
  // Years of events touch a partition a week.
  max_partitions_per_insert_block: 0,
  ...JSON_SETTINGS,
}

/** Statements in a database; '' is none in particular, for one that may not exist. */
export function openDatabase(access: WarehouseAccess, name: string): Database {
  const query = createQuery({ ...access, database: name, settings: SETTINGS })
  return {
    name,
    async run(sql, parameters = {}) {
      await query(sql, parameters)
    },
    read: (sql, parameters = {}) => query(sql, parameters),
  }
}

/** What {@link migrateDatabase} makes of a database. */
export interface MigrateOptions {
  /** Path of the configuration, as typed. */
  config: string
  /** Whether rows are deleted once they are past their time, as the configuration says. Default true. */
  isForgetful?: boolean
}

/**
 * Brings a database to this release, and makes it when it is not there. Rows that the configuration says are past their time
 * go without a question: they go in any database.
 *
 * @throws MigrationFailure, or Error when it was made by a newer release
 */
export async function migrateDatabase(
  access: WarehouseAccess,
  name: string,
  options: MigrateOptions,
): Promise<void> {
  await migrateWarehouse(await goalOf(access, name, options), {
    ...runsOf(access, name),
    confirm: async () => true,
  })
}

/** Whether a database is there and of this release; `absent` also where there are no tables in it. */
export async function stateOf(
  access: WarehouseAccess,
  name: string,
  options: MigrateOptions,
): Promise<'absent' | 'behind' | 'current'> {
  const { exists, applied, pending } = await readWarehouse(
    await goalOf(access, name, options),
    runsOf(access, name),
  )
  if (!exists || applied.length === 0) return 'absent'
  return pending.length === 0 ? 'current' : 'behind'
}

/** Drops a database and all that is in it. */
export async function dropDatabase(access: WarehouseAccess, name: string): Promise<void> {
  await openDatabase(access, '').run(`DROP DATABASE IF EXISTS ${name} SYNC`)
}

/** Whether the tables are spread over a cluster. */
export async function isInCluster({ read }: Pick<Statements, 'read'>): Promise<boolean> {
  const [found] = await read(
    "SELECT 1 FROM system.tables WHERE database = currentDatabase() AND engine = 'Distributed' LIMIT 1",
  )
  return found !== undefined
}

async function goalOf(
  { user, password }: WarehouseAccess,
  database: string,
  { config, isForgetful = true }: MigrateOptions,
): Promise<Goal> {
  const goal = await readGoal(config, { database, user, password })
  return isForgetful ? goal : { ...goal, retention: [] }
}

function runsOf(access: WarehouseAccess, name: string): { run: RunStatement; runOutside: RunStatement } {
  const [inside, outside] = [openDatabase(access, name), openDatabase(access, '')]
  return { run: (sql) => inside.read(sql), runOutside: (sql) => outside.read(sql) }
}

/** Rows of a query that gives one; throws where it gives none. */
export async function readOne<Row>(
  { read }: Pick<Statements, 'read'>,
  sql: string,
  parameters: Record<string, unknown> = {},
): Promise<Row> {
  const [row] = await read<Row>(sql, parameters)
  if (row === undefined) throw new ClickHouseFailure('ClickHouse gives no row where there is always one')
  return row
}
