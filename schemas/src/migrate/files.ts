/**
 * Plans and applies ClickHouse migrations: numbered SQL files, in order, each recorded with its checksum. Who talks to
 * ClickHouse passes that in.
 *
 * ClickHouse has no transactions over DDL, so a crash may leave a migration half applied and not recorded. It is then
 * run again whole: **every statement must be repeatable**, by itself (`IF NOT EXISTS`) or by `-- unless: <query>` on the
 * line before it, which skips it when the query has a row.
 */

import { FOREGROUND, renderForCluster } from './cluster.ts'
import type { MigrationEffects, RunStatement } from './effects.ts'
import { findLoss, type Loss, LossRefused, measureTable } from './loss.ts'
import {
  fillIn,
  maskPassword,
  type Place,
  parseStatements,
  quoteLiteral,
  type Statement,
} from './statements.ts'

/** One file: `0001_events.sql` has version 1. */
export interface Migration {
  version: number
  name: string
  sql: string
}

/** What the table `migrations` remembers of one. */
export interface AppliedMigration {
  version: number
  name: string
  checksum: string
  /** As ClickHouse writes it, in UTC: `2026-11-22 00:30:12.123`. */
  applied_at?: string
}

/** A migration that is to be applied. */
export interface PendingMigration extends Migration {
  checksum: string
  /** As they run in the place. */
  statements: Statement[]
}

/** Where migrations are applied. */
export interface MigrationTarget extends Place {
  /** Name of the cluster that the tables are spread over. Default: one server. */
  cluster?: string | undefined
}

/** A statement failed; the message says which, of which migration, and what ClickHouse says. The password is not in it. */
export class MigrationFailure extends Error {
  override readonly name = 'MigrationFailure'
}

/** The table that migrations are recorded in; created before anything else. */
const MIGRATIONS_TABLE: Migration = {
  version: 0,
  name: '0000_migrations.sql',
  sql: `-- shard by: version
CREATE TABLE IF NOT EXISTS migrations
(
    version UInt32,
    name String,
    checksum String,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree
ORDER BY version;`,
}

const FILE_NAME = /^(\d{4})_[a-z0-9_]+\.sql$/

/** Longest beginning of a statement that an error tells. */
const MAX_BEGINNING_LENGTH = 60

/**
 * A migration from its file.
 *
 * @throws RangeError when the name is not `NNNN_words.sql`
 */
export function parseMigrationFile(name: string, sql: string): Migration {
  const match = FILE_NAME.exec(name)
  if (match === null) throw new RangeError(`a migration must be named like 0001_events.sql, got ${name}`)
  return { version: Number(match[1]), name, sql }
}

/**
 * Applies what is not applied yet, in order. Idempotent. Two runs at once are for the caller to prevent: see `withLock`.
 *
 * @returns the names of those applied now
 * @throws Error when an applied migration was edited or is missing, or when versions repeat; nothing is applied then
 * @throws MigrationFailure when ClickHouse refuses a statement; LossRefused when one was not confirmed
 */
export async function applyMigrations(
  migrations: readonly Migration[],
  target: MigrationTarget,
  effects: MigrationEffects,
): Promise<string[]> {
  const { run, onDone = () => {} } = effects
  await runStatements(
    MIGRATIONS_TABLE.name,
    renderStatements([MIGRATIONS_TABLE], target)[0] ?? [],
    target,
    effects,
  )
  const pending = await planMigrations(migrations, await readApplied(run), target)
  for (const { version, name, checksum, statements } of pending) {
    await runStatements(name, statements, target, effects)
    const values = [version, quoteLiteral(name), quoteLiteral(checksum)].join(', ')
    await run(`INSERT INTO migrations (version, name, checksum)${settingsOf(target)} VALUES (${values})`)
    onDone({ kind: 'migration', name })
  }
  return pending.map(({ name }) => name)
}

/** What is recorded, in order; none where the table does not exist. */
export async function readApplied(run: RunStatement): Promise<AppliedMigration[]> {
  const [table] = await run(
    "SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = 'migrations'",
  )
  if (table === undefined) return []
  return run<AppliedMigration>(
    'SELECT version, name, checksum, applied_at FROM migrations FINAL ORDER BY version',
  )
}

/** The migrations that are still to be applied, in order. Throws as {@link applyMigrations}. */
export async function planMigrations(
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
  target: MigrationTarget,
): Promise<PendingMigration[]> {
  const ordered = [...migrations].sort((a, b) => a.version - b.version)
  // All of them, because how a table is spread over a cluster may stand in a file that is long applied.
  const rendered = renderStatements(ordered, target)
  const known = new Map(applied.map((entry) => [entry.version, entry]))
  const pending: PendingMigration[] = []
  let last = 0
  for (const [index, migration] of ordered.entries()) {
    if (migration.version === last)
      throw new Error(`two migrations have the version ${last}: ${migration.name}`)
    last = migration.version
    const checksum = await checksumOf(migration.sql)
    const entry = known.get(migration.version)
    known.delete(migration.version)
    if (entry === undefined) {
      pending.push({ ...migration, checksum, statements: rendered[index] ?? [] })
    } else if (entry.checksum !== checksum) {
      throw new Error(
        `migration ${migration.name} was edited after it was applied (recorded ${entry.checksum.slice(0, 12)}, ` +
          `file ${checksum.slice(0, 12)}); restore it and add a new migration instead`,
      )
    }
  }
  const [missing] = known.values()
  if (missing !== undefined) {
    throw new Error(
      `migration ${missing.name} is applied in the database but its file is missing; is this an older release?`,
    )
  }
  return pending
}

/** Whether the query of `-- unless:` has a row, so that the statement is to be skipped. */
export async function isSkipped({ unless }: Statement, target: Place, run: RunStatement): Promise<boolean> {
  return unless !== undefined && (await run(fillIn(unless, target))).length > 0
}

/** What a statement would lose now, or `undefined` when it loses nothing or there is nothing to lose. */
export async function measureLoss(
  origin: string,
  { sql, comment }: Statement,
  { cluster }: MigrationTarget,
  run: RunStatement,
): Promise<Loss | undefined> {
  const lossy = findLoss(sql)
  if (lossy === undefined) return undefined
  const { rows, bytes } = await measureTable(run, lossy.table, cluster)
  return rows === 0 ? undefined : { origin, what: lossy.what, why: comment, rows, tableBytes: bytes }
}

/** Statements of each migration, as they run in the place. */
function renderStatements(migrations: readonly Migration[], { cluster }: MigrationTarget): Statement[][] {
  const parsed = migrations.map(({ name, sql }) => parseFile(name, sql))
  return cluster === undefined ? parsed : renderForCluster(parsed, cluster)
}

function parseFile(name: string, sql: string): Statement[] {
  try {
    return parseStatements(sql)
  } catch (cause) {
    throw new RangeError(`${name}: ${describe(cause)}`, { cause })
  }
}

async function runStatements(
  name: string,
  statements: readonly Statement[],
  target: MigrationTarget,
  { run, confirm }: MigrationEffects,
): Promise<void> {
  for (const [index, statement] of statements.entries()) {
    const { sql } = statement
    try {
      if (await isSkipped(statement, target, run)) continue
      const loss = await measureLoss(name, statement, target, run)
      if (loss !== undefined && !(await confirm(loss))) throw new LossRefused(loss)
      await run(fillIn(sql, target))
    } catch (cause) {
      if (cause instanceof LossRefused) throw cause
      const beginning = sql.replace(/\s+/g, ' ').slice(0, MAX_BEGINNING_LENGTH)
      // No cause: it may hold the statement, and that the password.
      throw new MigrationFailure(
        `${name} stopped at statement ${index + 1} of ${statements.length} (${beginning} ...): ` +
          maskPassword(describe(cause), target),
      )
    }
  }
}

function settingsOf({ cluster }: MigrationTarget): string {
  return cluster === undefined ? '' : ` ${FOREGROUND}`
}

/** SHA-256 in hex of the file's text, line ends normalised so that a checkout on Windows has the same. */
async function checksumOf(sql: string): Promise<string> {
  const bytes = new TextEncoder().encode(sql.replaceAll('\r\n', '\n'))
  const digest = await crypto.subtle.digest('SHA-256', bytes)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
