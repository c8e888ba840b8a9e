import { expect, test } from 'vitest'
import {
  buildInsertFromFile,
  type InsertWithData,
  isReadOnly,
  isSelect,
  parseStatement,
  quoteIdentifier,
  quoteLiteral,
} from './sql.ts'

/** The insert in `text`, and what it takes for its data. */
function parseInsert(text: string): [InsertWithData, string] {
  const statement = parseStatement(text)
  if (statement.kind !== 'insert-with-data') throw new Error(`not an insert with data: ${statement.kind}`)
  return [statement, text.slice(statement.dataAt)]
}

test.each([
  ['SELECT 1', 'SELECT', undefined],
  ['select 1 format JSONEachRow', 'SELECT', 'JSONEACHROW'],
  ['SELECT 1 FORMAT JSON;', 'SELECT', 'JSON'],
  ['SELECT 1 FORMAT JSON -- done', 'SELECT', 'JSON'],
  ['SELECT 1 SETTINGS max_threads = 1 FORMAT CSV', 'SELECT', 'CSV'],
  ["SELECT 1 FORMAT CSV SETTINGS format_csv_delimiter = ';'", 'SELECT', 'CSV'],
  ['((SELECT 1) UNION ALL (SELECT 2)) FORMAT TSV', 'SELECT', 'TSV'],
  ['WITH 1 AS a SELECT a FORMAT TSV', 'WITH', 'TSV'],
  ['WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x', 'INSERT', undefined],
  ['FROM t SELECT a', 'FROM', undefined],
  ['/* a /* nested */ comment; */ -- FORMAT CSV\n#! more\nSELECT 1', 'SELECT', undefined],
  ['SELECT format FROM t', 'SELECT', undefined],
  ['SELECT 1 AS format', 'SELECT', undefined],
  ["SELECT 'x FORMAT CSV'", 'SELECT', undefined],
  ['SELECT `FORMAT CSV`, "FORMAT CSV"', 'SELECT', undefined],
  ['SELECT $a$ FORMAT CSV; $a$, $$;$$', 'SELECT', undefined],
  ["SELECT 'it\\'s; fine', 'it''s; fine too'", 'SELECT', undefined],
  ['SELECT (SELECT 1 FORMAT CSV)', 'SELECT', undefined],
  ['SELECT \u00c3\u00a0FORMAT CSV', 'SELECT', undefined],
  ['SHOW TABLES FORMAT JSON', 'SHOW', 'JSON'],
  ['CREATE TABLE t (a Int8) ENGINE = Memory', 'CREATE', undefined],
  ['INSERT INTO t SELECT 1', 'INSERT', undefined],
  ['INSERT INTO t (a) (SELECT 1)', 'INSERT', undefined],
  ['INSERT INTO t WITH 1 AS a SELECT a FORMAT CSV', 'INSERT', undefined],
  ['INSERT INTO t SELECT values FROM x', 'INSERT', undefined],
  ['INSERT INTO t', 'INSERT', undefined],
])('statement %j has verb %s and format %s', (text, verb, format) => {
  expect(parseStatement(text)).toEqual({ kind: 'plain', verb, format })
})

test.each(['', '  \n', '-- nothing', ';', ' ; ; ', '/* unclosed'])('statement %j is empty', (text) => {
  expect(parseStatement(text)).toEqual({ kind: 'empty' })
})

test.each([
  ['SELECT 1; SELECT 2', 'several-statements', 10],
  ['INSERT INTO t SELECT 1; DROP TABLE t', 'several-statements', 24],
  ["SELECT 1 INTO OUTFILE 'f'", 'into-outfile', 14],
  ["INSERT INTO t FROM INFILE 'f' FORMAT CSV", 'from-infile', 19],
  ['INSERT INTO t FORMAT CSV; 1', 'semicolon-before-data', 24],
])('statement %j is refused as %s', (text, reason, at) => {
  expect(parseStatement(text)).toEqual({ kind: 'refused', reason, at })
})

test.each([
  ['INSERT INTO t FORMAT JSONEachRow\n{"a":1}\n', 'JSONEachRow', '{"a":1}\n'],
  ['insert into db.t (a, b) format csv \t\r\n\n1,2', 'csv', '\n1,2'],
  ['INSERT INTO t FORMAT CSV 1,2', 'CSV', '1,2'],
  ['INSERT INTO t FORMAT TSV', 'TSV', ''],
  ["INSERT INTO t VALUES (1, 'a;b'), (2, 'FORMAT');", 'Values', " (1, 'a;b'), (2, 'FORMAT');"],
  ['INSERT INTO t(a)VALUES(1)', 'Values', '(1)'],
  ['INSERT INTO t FORMAT Values\n(1)', 'Values', '(1)'],
  ["INSERT INTO FUNCTION file('x.csv', 'CSV', 'a Int8') VALUES (1)", 'Values', ' (1)'],
  ['INSERT INTO TABLE `we;ird` FORMAT RowBinary\n\u0000\u00ff;\'"', 'RowBinary', '\u0000\u00ff;\'"'],
  ['INSERT INTO {t:Identifier} FORMAT CSV\n1', 'CSV', '1'],
  ['INSERT INTO format FORMAT CSV\n1', 'CSV', '1'],
  ['INSERT INTO db.values FORMAT CSV\n1', 'CSV', '1'],
  ["INSERT INTO t SELECT a FROM input('a Int8') FORMAT CSV\n1", 'CSV', '1'],
])('insert %j has its data in format %s', (text, format, data) => {
  const [insert, found] = parseInsert(text)
  expect([insert.format, found]).toEqual([format, data])
})

test('insert is rewritten to read its data from a file', () => {
  const text = "INSERT INTO t (a) SETTINGS b = 'SELECT' FORMAT CSV\n1"
  const [insert] = parseInsert(text)
  expect(buildInsertFromFile(text, insert, "/it's")).toBe(
    "INSERT INTO t (a)  FROM INFILE '/it\\'s' COMPRESSION 'none' SETTINGS b = 'SELECT'  FORMAT CSV",
  )
})

test('insert from input() is rewritten to read from a file', () => {
  const text = "INSERT INTO t SELECT a + 1 FROM input('a Int8') WHERE a > 0 FORMAT CSV\n1"
  const [insert] = parseInsert(text)
  expect(buildInsertFromFile(text, insert, '/data')).toBe(
    "INSERT INTO t SELECT a + 1 FROM file('/data', 'CSV', 'a Int8') WHERE a > 0 ",
  )
})

test.each([
  ['SELECT 1', true, true],
  ['SHOW TABLES', true, false],
  ['WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x', false, false],
  ['DROP TABLE t', false, false],
  ['INSERT INTO t VALUES (1)', false, false],
])('statement %j reads only: %s, and can be streamed: %s', (text, readsOnly, streams) => {
  const statement = parseStatement(text)
  expect([isReadOnly(statement), isSelect(statement)]).toEqual([readsOnly, streams])
})

test('statement of megabytes is read in a moment', () => {
  const text = `SELECT '${"\\'".repeat(1_000_000)}', ${'('.repeat(100_000)}1${')'.repeat(100_000)} FORMAT CSV`
  expect(parseStatement(text)).toEqual({ kind: 'plain', verb: 'SELECT', format: 'CSV' })
})

test('quoting keeps every character inside', () => {
  expect(quoteLiteral("a'b\\c\0")).toBe("'a\\'b\\\\c\\0'")
  expect(quoteIdentifier('a`b\\c')).toBe('`a\\`b\\\\c`')
})
