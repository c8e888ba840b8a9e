/**
 * ClickHouse migrations: numbered SQL files, applied in order, each recorded with its checksum. This module plans and
 * drives; who talks to ClickHouse passes `execute` and `query` in.
 *
 * ClickHouse has no transactions over DDL, so a crash may leave a migration half applied and not recorded. It is then
 * run again whole: **every statement must be repeatable** (`IF NOT EXISTS`, `IF EXISTS`).
 */

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
}

/** How to reach ClickHouse. Both run in the database that the migrations are for. */
export interface MigrationEffects {
  /** Runs one statement. */
  execute: (statement: string) => Promise<void>
  /** Rows of `migrations`, or none when the table does not exist yet. */
  readApplied: () => Promise<AppliedMigration[]>
  /** Records one in `migrations`. */
  record: (applied: AppliedMigration) => Promise<void>
}

/** Statement that makes the table the migrations are recorded in; run before anything else, every time. */
export const CREATE_MIGRATIONS_TABLE = `
CREATE TABLE IF NOT EXISTS migrations
(
    version UInt32,
    name String,
    checksum String,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree
ORDER BY version`

const FILE_NAME = /^(\d{4})_[a-z0-9_]+\.sql$/

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
 * Applies what is not applied yet, in order. Idempotent; two runs at once end the same.
 *
 * @returns the names of those applied now
 * @throws Error when an applied migration was edited or is missing, or when versions repeat; nothing is applied then
 */
export async function applyMigrations(
  migrations: readonly Migration[],
  effects: MigrationEffects,
): Promise<string[]> {
  await effects.execute(CREATE_MIGRATIONS_TABLE)
  const pending = await planMigrations(migrations, await effects.readApplied())
  for (const { version, name, checksum, sql } of pending) {
    for (const statement of splitStatements(sql)) await effects.execute(statement)
    await effects.record({ version, name, checksum })
  }
  return pending.map(({ name }) => name)
}

/** The migrations that are still to be applied, in order, with their checksums. Throws as {@link applyMigrations}. */
export async function planMigrations(
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
): Promise<(Migration & { checksum: string })[]> {
  const ordered = [...migrations].sort((a, b) => a.version - b.version)
  const known = new Map(applied.map((entry) => [entry.version, entry]))
  const pending: (Migration & { checksum: string })[] = []
  let last = 0
  for (const migration of ordered) {
    if (migration.version === last)
      throw new Error(`two migrations have the version ${last}: ${migration.name}`)
    last = migration.version
    const checksum = await checksumOf(migration.sql)
    const entry = known.get(migration.version)
    known.delete(migration.version)
    if (entry === undefined) {
      pending.push({ ...migration, checksum })
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

/**
 * Statements of a file: each ends with `;` at the end of a line. Comment lines and empty statements are left out.
 */
export function splitStatements(sql: string): string[] {
  return sql
    .split(/;[ \t]*(?:--[^\n]*)?(?:\r?\n|$)/)
    .map((statement) => statement.replace(/^\s*--[^\n]*$/gm, '').trim())
    .filter((statement) => statement !== '')
}

/** SHA-256 in hex of the file's text, line ends normalised so that a checkout on Windows has the same. */
async function checksumOf(sql: string): Promise<string> {
  const bytes = new TextEncoder().encode(sql.replaceAll('\r\n', '\n'))
  const digest = await crypto.subtle.digest('SHA-256', bytes)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
