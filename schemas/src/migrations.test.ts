import { describe, expect, it } from 'vitest'
import { parseStatements } from './migrate/statements.ts'
import {
  type AppliedMigration,
  applyMigrations,
  type Loss,
  LossRefused,
  type Migration,
  parseMigrationFile,
  type RunStatement,
} from './migrations.ts'

const first = parseMigrationFile('0001_a.sql', 'CREATE TABLE IF NOT EXISTS a (x Int8) ENGINE = Memory;\n')
const second = parseMigrationFile(
  '0002_b.sql',
  'CREATE TABLE IF NOT EXISTS b (x Int8) ENGINE = Memory;\nALTER TABLE b ADD COLUMN IF NOT EXISTS y Int8;\n',
)

const PLACE = { database: 'millrace', user: 'default', password: '' }

/** A database that takes every statement, remembers what is recorded, and has a row for the queries in `rows`. */
function createDatabase({
  password = '',
  isAllowed = true,
}: {
  password?: string
  isAllowed?: boolean
} = {}) {
  const statements: string[] = []
  const questions: Loss[] = []
  const applied: AppliedMigration[] = []
  const tables = new Map<string, number>()
  let crashAt: string | undefined
  const run = async (sql: string): Promise<unknown[]> => {
    if (crashAt !== undefined && sql.includes(crashAt)) throw new Error(`crash at ${sql}`)
    const record = /^INSERT INTO migrations .* VALUES \((\d+), '(.*)', '(.*)'\)$/.exec(sql)
    if (record !== null) {
      const [, version, name = '', checksum = ''] = record
      applied.push({ version: Number(version), name, checksum })
    } else if (/name = 'migrations'$/.test(sql)) return [{}]
    else if (/FROM migrations FINAL/.test(sql)) return [...applied]
    else if (/^SELECT sum/.test(sql))
      return [{ rows: tables.get(/name = '(\w+)'/.exec(sql)?.[1] ?? '') ?? 0, bytes: 9 }]
    else if (/^SELECT/.test(sql)) return tables.has(/'(\w+)'/.exec(sql)?.[1] ?? '') ? [{}] : []
    else statements.push(sql)
    return []
  }
  const confirm = async (loss: Loss) => {
    questions.push(loss)
    return isAllowed
  }
  return {
    statements,
    questions,
    applied,
    /** Rows of tables by their names. */
    tables,
    crash: (at: string | undefined) => {
      crashAt = at
    },
    apply: (...migrations: Migration[]) =>
      applyMigrations(
        migrations,
        { ...PLACE, password },
        {
          run: run as RunStatement,
          runOutside: run as RunStatement,
          confirm,
        },
      ),
  }
}

describe('applyMigrations', () => {
  it('applies all in order of their number, statement by statement, and records each', async () => {
    const { apply, statements, applied } = createDatabase()
    expect(await apply(second, first)).toEqual(['0001_a.sql', '0002_b.sql'])
    expect(statements.slice(1).map((text) => text.slice(0, 12))).toEqual([
      'CREATE TABLE',
      'CREATE TABLE',
      'ALTER TABLE ',
    ])
    expect(applied.map(({ version }) => version)).toEqual([1, 2])
  })

  it('applies nothing twice', async () => {
    const { apply } = createDatabase()
    await apply(first)
    expect(await apply(first, second)).toEqual(['0002_b.sql'])
    expect(await apply(first, second)).toEqual([])
  })

  it('runs a migration again whole when it crashed before it was recorded', async () => {
    const { apply, crash, statements } = createDatabase()
    crash('INSERT INTO migrations')
    await expect(apply(first)).rejects.toThrow('crash')
    crash(undefined)
    expect(await apply(first)).toEqual(['0001_a.sql'])
    expect(statements.filter((text) => text.includes('EXISTS a')).length).toBe(2)
  })

  it('skips a statement whose query after "unless" has a row, and asks it anew each time', async () => {
    const { apply, statements, tables, crash } = createDatabase()
    const swap = parseMigrationFile(
      '0001_swap.sql',
      "-- Once.\n-- unless: SELECT 1 FROM system.tables WHERE name = 'done'\nEXCHANGE TABLES a AND b;\nALTER TABLE c ADD COLUMN d Int8;\n",
    )
    crash('ALTER TABLE c')
    await expect(apply(swap)).rejects.toThrow('0001_swap.sql stopped at statement 2 of 2 (ALTER TABLE c ADD')
    tables.set('done', 0)
    crash(undefined)
    await apply(swap)
    expect(statements.slice(1)).toEqual([
      'EXCHANGE TABLES a AND b',
      expect.stringContaining('TABLE IF NOT EXISTS migrations'),
      'ALTER TABLE c ADD COLUMN d Int8',
    ])
  })

  it('puts in database, user and password, and tells no password in an error', async () => {
    const { apply, statements, crash } = createDatabase({ password: "it's {user} \\" })
    const sql = "CREATE DICTIONARY d SOURCE(CLICKHOUSE(USER {user} PASSWORD {password} DB '{database}'));\n"
    const file = parseMigrationFile('0001_d.sql', sql)
    await apply(file)
    expect(statements[1]).toBe(
      "CREATE DICTIONARY d SOURCE(CLICKHOUSE(USER 'default' PASSWORD 'it\\'s {user} \\\\' DB 'millrace'))",
    )
    crash('DICTIONARY')
    const message = await apply(file, { ...file, version: 2 }).then(String, String)
    expect(message).toContain("PASSWORD '[HIDDEN]' DB 'millrace'")
    expect(message).not.toContain('it\\')
  })

  it('asks before a statement that loses rows, and stops there when the answer is no', async () => {
    const { apply, statements, questions, tables, applied } = createDatabase({ isAllowed: false })
    tables.set('a', 7)
    const drop = parseMigrationFile('0003_drop.sql', '-- All of it is in b.\nDROP TABLE IF EXISTS a;\n')
    await expect(apply(first, second, drop)).rejects.toThrow(LossRefused)
    expect(questions).toEqual([
      {
        origin: '0003_drop.sql',
        what: 'drops the table a',
        why: 'All of it is in b.',
        rows: 7,
        tableBytes: 9,
      },
    ])
    expect(statements.at(-1)).toMatch(/^ALTER TABLE b/)
    expect(applied.map(({ version }) => version)).toEqual([1, 2])
  })

  it('asks nothing where there are no rows to lose', async () => {
    const { apply, questions } = createDatabase({ isAllowed: false })
    const drop = parseMigrationFile('0001_drop.sql', 'DROP TABLE IF EXISTS a;\n')
    expect([await apply(drop), questions]).toEqual([['0001_drop.sql'], []])
  })

  it('refuses an edited migration and applies nothing', async () => {
    const { apply, statements } = createDatabase()
    await apply(first)
    const count = statements.length
    const edited = { ...first, sql: `${first.sql}-- better\n` }
    await expect(apply(edited, second)).rejects.toThrow(/0001_a.sql was edited after it was applied/)
    expect(statements.length).toBe(count + 1)
  })

  it('takes another line end for no edit', async () => {
    const { apply } = createDatabase()
    await apply(first)
    expect(await apply({ ...first, sql: first.sql.replaceAll('\n', '\r\n') })).toEqual([])
  })

  it('refuses a database that is ahead of the files', async () => {
    const { apply } = createDatabase()
    await apply(first, second)
    await expect(apply(first)).rejects.toThrow(
      /0002_b.sql is applied in the database but its file is missing/,
    )
  })

  it('refuses two migrations of one number', async () => {
    const { apply } = createDatabase()
    const twin = parseMigrationFile('0001_c.sql', 'SELECT 1;')
    await expect(apply(first, twin)).rejects.toThrow(/two migrations have the version 1/)
  })
})

describe('parseMigrationFile', () => {
  it.each(['1_a.sql', '0001-a.sql', '0001_a.txt', '0001_A.sql'])('refuses the name %s', (name) => {
    expect(() => parseMigrationFile(name, '')).toThrow(/must be named like 0001_events.sql/)
  })
})

describe('the released migrations', () => {
  const files = import.meta.glob('../migrations/*.sql', { query: '?raw', import: 'default', eager: true })
  const statements = Object.entries(files).flatMap(([path, sql]) =>
    parseStatements(sql).map(
      (statement) => [path.slice('../migrations/'.length), statement.sql, statement.unless] as const,
    ),
  )

  it.each(statements)('can be repeated: %s %s', (_file, sql, unless) => {
    const steps =
      sql.match(/^\s*(CREATE|DROP|ALTER|ADD|MODIFY|RENAME|EXCHANGE|INSERT|UPDATE|DELETE)\b.*$/gm) ?? []
    const unguarded = steps.filter(
      // What is inserted again meets its copy in a table that replaces.
      (step) => !/^\s*ALTER TABLE \w+$|IF (NOT )?EXISTS|^CREATE OR REPLACE VIEW|^INSERT INTO/.test(step),
    )
    expect([steps.length > 0, unless === undefined ? unguarded : []]).toEqual([true, []])
  })

  it('have names that put them in order', () => {
    const versions = Object.keys(files).map(
      (path) => parseMigrationFile(path.slice('../migrations/'.length), '').version,
    )
    expect(versions.sort((a, b) => a - b)).toEqual(versions.map((_, index) => index + 1))
  })
})
