import { describe, expect, it } from 'vitest'
import { type AppliedMigration, applyMigrations, parseMigrationFile, splitStatements } from './migrations.ts'

const first = parseMigrationFile('0001_a.sql', 'CREATE TABLE IF NOT EXISTS a (x Int8) ENGINE = Memory;\n')
const second = parseMigrationFile(
  '0002_b.sql',
  'CREATE TABLE IF NOT EXISTS b (x Int8) ENGINE = Memory;\nALTER TABLE b ADD COLUMN IF NOT EXISTS y Int8;\n',
)

function createDatabase() {
  const statements: string[] = []
  const applied: AppliedMigration[] = []
  return {
    statements,
    applied,
    effects: {
      execute: async (statement: string) => {
        statements.push(statement)
      },
      readApplied: async () => [...applied],
      record: async (entry: AppliedMigration) => {
        applied.push(entry)
      },
    },
  }
}

describe('applyMigrations', () => {
  it('applies all in order of their number, statement by statement, and records each', async () => {
    const { effects, statements, applied } = createDatabase()
    expect(await applyMigrations([second, first], effects)).toEqual(['0001_a.sql', '0002_b.sql'])
    expect(statements.slice(1).map((text) => text.slice(0, 12))).toEqual([
      'CREATE TABLE',
      'CREATE TABLE',
      'ALTER TABLE ',
    ])
    expect(applied.map(({ version }) => version)).toEqual([1, 2])
  })

  it('applies nothing twice', async () => {
    const { effects } = createDatabase()
    await applyMigrations([first], effects)
    expect(await applyMigrations([first, second], effects)).toEqual(['0002_b.sql'])
    expect(await applyMigrations([first, second], effects)).toEqual([])
  })

  it('runs a migration again whole when it crashed before it was recorded', async () => {
    const { effects, statements } = createDatabase()
    const crash = { ...effects, record: () => Promise.reject(new Error('crash')) }
    await expect(applyMigrations([first], crash)).rejects.toThrow('crash')
    expect(await applyMigrations([first], effects)).toEqual(['0001_a.sql'])
    expect(statements.filter((text) => text.includes('EXISTS a')).length).toBe(2)
  })

  it('refuses an edited migration and applies nothing', async () => {
    const { effects, statements } = createDatabase()
    await applyMigrations([first], effects)
    const count = statements.length
    const edited = { ...first, sql: `${first.sql}-- better\n` }
    await expect(applyMigrations([edited, second], effects)).rejects.toThrow(
      /0001_a.sql was edited after it was applied/,
    )
    expect(statements.length).toBe(count + 1)
  })

  it('takes another line end for no edit', async () => {
    const { effects } = createDatabase()
    await applyMigrations([first], effects)
    expect(await applyMigrations([{ ...first, sql: first.sql.replaceAll('\n', '\r\n') }], effects)).toEqual(
      [],
    )
  })

  it('refuses a database that is ahead of the files', async () => {
    const { effects } = createDatabase()
    await applyMigrations([first, second], effects)
    await expect(applyMigrations([first], effects)).rejects.toThrow(
      /0002_b.sql is applied in the database but its file is missing/,
    )
  })

  it('refuses two migrations of one number', async () => {
    const { effects } = createDatabase()
    const twin = parseMigrationFile('0001_c.sql', 'SELECT 1;')
    await expect(applyMigrations([first, twin], effects)).rejects.toThrow(/two migrations have the version 1/)
  })
})

describe('parseMigrationFile', () => {
  it.each(['1_a.sql', '0001-a.sql', '0001_a.txt', '0001_A.sql'])('refuses the name %s', (name) => {
    expect(() => parseMigrationFile(name, '')).toThrow(/must be named like 0001_events.sql/)
  })
})

describe('splitStatements', () => {
  it('splits at semicolons that end a line and drops comments', () => {
    const sql = "-- one; two\nSELECT ';' AS x; -- done\n\n-- three\nSELECT 2\n  AS y;\n"
    expect(splitStatements(sql)).toEqual(["SELECT ';' AS x", 'SELECT 2\n  AS y'])
  })
})

describe('the released migrations', () => {
  const files = import.meta.glob('../migrations/*.sql', { query: '?raw', import: 'default', eager: true })
  const statements = Object.entries(files).flatMap(([path, sql]) =>
    splitStatements(sql).map((statement) => [path.slice('../migrations/'.length), statement] as const),
  )

  it.each(statements)('can be repeated: %s', (_file, statement) => {
    const steps =
      statement.match(/^\s*(CREATE|DROP|ALTER|ADD|MODIFY|RENAME|INSERT|UPDATE|DELETE)\b.*$/gm) ?? []
    const unguarded = steps.filter((step) => !/^\s*ALTER TABLE \w+$|IF (NOT )?EXISTS/.test(step))
    expect([steps.length > 0, unguarded]).toEqual([true, []])
  })

  it('have names that put them in order', () => {
    const versions = Object.keys(files).map(
      (path) => parseMigrationFile(path.slice('../migrations/'.length), '').version,
    )
    expect(versions.sort((a, b) => a - b)).toEqual(versions.map((_, index) => index + 1))
  })
})
