import { describe, expect, it } from 'vitest'
import {
  checkDatabaseName,
  fillIn,
  fillInForShow,
  maskPassword,
  parseStatements,
  splitStatements,
} from './statements.ts'

describe('parseStatements', () => {
  it('splits at semicolons that end a line and drops comments', () => {
    const sql = "-- one; two\nSELECT ';' AS x; -- done\n\n-- three\nSELECT 2\n  AS y;\n"
    expect(splitStatements(sql)).toEqual(["SELECT ';' AS x", 'SELECT 2\n  AS y'])
  })

  it('reads what the comment lines directly before a statement say', () => {
    const sql = `-- About the file.

-- Rows of before.
-- They stay.
-- shard by: cityHash64(a, b)
-- unless: SELECT 1 FROM t WHERE x = ';'
INSERT INTO t
-- Not the old ones.
SELECT 1;
`
    expect(parseStatements(sql)).toEqual([
      {
        sql: 'INSERT INTO t\n\nSELECT 1',
        comment: 'Rows of before. They stay.',
        shardBy: 'cityHash64(a, b)',
        unless: "SELECT 1 FROM t WHERE x = ';'",
      },
    ])
  })

  it.each([
    ['a semicolon at its end', '-- unless: SELECT 1;\nSELECT 2;\n'],
    ['a blank line after it', '-- unless: SELECT 1\n\nSELECT 2;\n'],
    ['no statement after it', 'SELECT 2;\n-- unless: SELECT 1\n'],
    ['a place within the statement', 'SELECT\n-- unless: SELECT 1\n2;\n'],
    ['no colon', '-- unless SELECT 1\nSELECT 2;\n'],
    ['no space', '--unless: SELECT 1\nSELECT 2;\n'],
  ])('refuses "unless" with %s', (_what, sql) => {
    expect(() => parseStatements(sql)).toThrow(/must stand directly before a statement.*unless/)
  })
})

const PLACE = { database: 'db', user: "o'neill", password: "a\\'{user}$&" }

describe('fillIn', () => {
  it('puts in names as they are and texts as literals, once', () => {
    expect(fillIn("{user} {password} '{database}' {database}.t {other} {x:String}", PLACE)).toBe(
      "'o\\'neill' 'a\\\\\\'{user}$&' 'db' db.t {other} {x:String}",
    )
  })

  it('shows no password', () => {
    expect(fillInForShow('USER {user} PASSWORD {password}', PLACE)).toBe(
      "USER 'o\\'neill' PASSWORD '[HIDDEN]'",
    )
  })

  it.each(['', 'a-b', '1a', 'a b', 'ä', 'a`', 'a'.repeat(65)])('refuses the database %j', (database) => {
    expect(() => checkDatabaseName(database)).toThrow(/the name of the database must be/)
  })
})

describe('maskPassword', () => {
  it.each([
    [
      'whole',
      `failed at 'x': PASSWORD ${fillIn('{password}', PLACE)} DB 'x'`,
      "failed at 'x': PASSWORD '[HIDDEN]' DB 'x'",
    ],
    ['as it is typed', `no user with ${PLACE.password}`, 'no user with [HIDDEN]'],
    ['cut', "failed: USER 'u' PASSWORD 'a\\\\", "failed: USER 'u' PASSWORD '[HIDDEN]' ..."],
  ])('takes out a password that is quoted %s', (_how, message, masked) => {
    expect(maskPassword(message, PLACE)).toBe(masked)
  })

  it('leaves a message alone where there is no password', () => {
    const message = "USER 'default' PASSWORD '' DB"
    expect(maskPassword(message, { ...PLACE, password: '' })).toBe(message)
  })
})
