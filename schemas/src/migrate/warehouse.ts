/** The whole of a run: the database, the files, how long rows are kept; what it finds, what it would do, and doing it. */

import { createDatabase } from './cluster.ts'
import type { MigrationEffects, RunStatement } from './effects.ts'
import {
  type AppliedMigration,
  applyMigrations,
  isSkipped,
  type Migration,
  MigrationFailure,
  type MigrationTarget,
  measureLoss,
  type PendingMigration,
  planMigrations,
  readApplied,
} from './files.ts'
import { withLock } from './lock.ts'
import { type Loss, LossRefused, measureTable } from './loss.ts'
import {
  countExpired,
  describeRules,
  planRetention,
  type RetentionChange,
  readEngines,
  type SourceRetention,
} from './retention.ts'
import { checkDatabaseName, fillInForShow, maskPassword, quoteLiteral } from './statements.ts'

/** What a database is to be brought to. */
export interface WarehouseGoal {
  migrations: readonly Migration[]
  target: MigrationTarget
  /** How long rows of each source are kept. */
  retention: readonly SourceRetention[]
}

/** How far a database is. */
export interface WarehouseStatus {
  /** Whether there is a database of that name at all. */
  exists: boolean
  applied: AppliedMigration[]
  pending: PendingMigration[]
  /** Tables whose TTL is not what the configuration says. */
  retention: RetentionChange[]
}

/** A statement that a run would come to. */
export interface PlannedStatement {
  /** Name of the migration's file; empty of what is in none. */
  origin: string
  /** Without the password. */
  sql: string
  /** Skipped, because what it does is done already. */
  isSkipped: boolean
  /** What it would lose, and only after a question. */
  loss?: Loss
}

/** Whose statements those are that make tables forget. */
const RETENTION = 'retention'

/**
 * Finds out how far a database is. Changes nothing.
 *
 * @throws Error when the files do not fit what was applied, see `planMigrations`; RangeError for a name that is none
 */
export async function readWarehouse(
  { migrations, target, retention }: WarehouseGoal,
  { run, runOutside }: Pick<MigrationEffects, 'run' | 'runOutside'>,
): Promise<WarehouseStatus> {
  checkDatabaseName(target.database)
  const named = `SELECT 1 FROM system.databases WHERE name = ${quoteLiteral(target.database)}`
  const exists = (await runOutside(named)).length > 0
  const applied = exists ? await readApplied(run) : []
  const pending = await planMigrations(migrations, applied, target)
  const engines = exists ? await readEngines(run) : new Map<string, string>()
  return { exists, applied, pending, retention: planRetention(engines, retention, target.cluster) }
}

/**
 * The statements that {@link migrateWarehouse} would run now, in order. Changes nothing. Conditions and losses are as they
 * are now: a statement before may change them.
 */
export async function planWarehouse(
  goal: WarehouseGoal,
  effects: Pick<MigrationEffects, 'run' | 'runOutside'>,
): Promise<PlannedStatement[]> {
  const { target } = goal
  const { exists, pending, retention } = await readWarehouse(goal, effects)
  // Nothing can be asked in a database that is not there, and nothing is in it.
  const run: RunStatement = exists ? effects.run : async () => []
  const create = { origin: '', sql: createDatabase(target.database, target.cluster), isSkipped: false }
  const planned: PlannedStatement[] = exists ? [] : [create]
  for (const { name, statements } of pending) {
    for (const statement of statements) {
      const skipped = await isSkipped(statement, target, run)
      const loss = skipped ? undefined : await measureLoss(name, statement, target, run)
      const sql = fillInForShow(statement.sql, target)
      planned.push({ origin: name, sql, isSkipped: skipped, ...(loss && { loss }) })
    }
  }
  // Tables that are still to be created begin without a TTL.
  const changes = pending.length === 0 ? retention : await planLater(goal, run)
  for (const change of changes) {
    const loss = await measureRetention([change], target, run)
    planned.push({ origin: RETENTION, sql: change.sql, isSkipped: false, ...(loss && { loss }) })
  }
  return planned
}

/**
 * Brings a database to the goal: creates it, applies the migrations that are pending, sets what tables forget. Idempotent;
 * where there is nothing to do, nothing is written. A second run at the same time waits for the first.
 *
 * @throws Error when the files do not fit what was applied; nothing is done then
 * @throws MigrationFailure when ClickHouse refuses a statement; LossRefused when one was not confirmed. What comes before
 *   it is done, and the next run begins there
 */
export async function migrateWarehouse(goal: WarehouseGoal, effects: MigrationEffects): Promise<void> {
  const { migrations, target, retention: sources } = goal
  const { exists, pending, retention } = await readWarehouse(goal, effects)
  if (exists && pending.length + retention.length === 0) return
  if (!exists) await effects.runOutside(createDatabase(target.database, target.cluster))
  await withLock(effects, async (assertHeld) => {
    const run: RunStatement = async (sql) => {
      await assertHeld()
      return effects.run(sql)
    }
    await applyMigrations(migrations, target, { ...effects, run })
    const changes = planRetention(await readEngines(run), sources, target.cluster)
    await changeRetention(changes, target, { ...effects, run })
  })
}

/** Changes that lose nothing come first; the others are one question. */
async function changeRetention(
  changes: readonly RetentionChange[],
  target: MigrationTarget,
  { run, confirm, onDone = () => {} }: MigrationEffects,
): Promise<void> {
  const alter = async ({ name, sql, to }: RetentionChange) => {
    try {
      await run(sql)
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause)
      throw new MigrationFailure(
        `the retention of ${name} could not be set: ${maskPassword(message, target)}`,
      )
    }
    onDone({ kind: 'retention', table: name, rules: describeRules(to) })
  }
  const lossy: RetentionChange[] = []
  for (const change of changes) {
    if ((await countExpired(run, change)) > 0) lossy.push(change)
    else await alter(change)
  }
  const loss = await measureRetention(lossy, target, run)
  if (loss !== undefined && !(await confirm(loss))) throw new LossRefused(loss)
  for (const change of lossy) await alter(change)
}

/** What changes lose together, or `undefined` when that is nothing. */
async function measureRetention(
  changes: readonly RetentionChange[],
  { cluster }: MigrationTarget,
  run: RunStatement,
): Promise<Loss | undefined> {
  let rows = 0
  let tableBytes = 0
  const parts: string[] = []
  for (const change of changes) {
    const expired = await countExpired(run, change)
    if (expired === 0) continue
    rows += expired
    tableBytes += (await measureTable(run, change.table, cluster)).bytes
    parts.push(`${expired.toLocaleString('en-US')} of ${change.name} (${describeRules(change.to)})`)
  }
  if (rows === 0) return undefined
  const what = `deletes rows that are past their time: ${parts.join('; ')}`
  return { origin: RETENTION, what, why: '', rows, tableBytes }
}

/** Changes of retention that will be needed once all tables are there. */
async function planLater(
  { retention, target }: WarehouseGoal,
  run: RunStatement,
): Promise<RetentionChange[]> {
  const engines = await readEngines(run)
  const complete = { get: (table: string) => engines.get(table) ?? '' }
  return planRetention(complete, retention, target.cluster).map(({ shortens, ...change }) => ({
    ...change,
    // In a table that is not there yet, nothing is past its time.
    ...(shortens !== undefined && engines.has(change.table) && { shortens }),
  }))
}
