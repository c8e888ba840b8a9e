/** `docs/data-dictionary.md` and the migrations name the same tables and the same columns, in the same order. */

import { describe, expect, it } from 'vitest'
import { splitStatements } from './migrations.ts'

declare global {
  interface ImportMeta {
    /** Vite's: files by their path. This package has no types of Node, so the test cannot read them itself. */
    glob: (
      pattern: string,
      options: { query: '?raw'; import: 'default'; eager: true },
    ) => Record<string, string>
  }
}

const migrations = import.meta.glob('../migrations/*.sql', { query: '?raw', import: 'default', eager: true })
const documents = import.meta.glob('../../docs/data-dictionary.md', {
  query: '?raw',
  import: 'default',
  eager: true,
})

/** Statements that change no column. */
const OTHERS = /^(INSERT INTO|CREATE MATERIALIZED VIEW|CREATE OR REPLACE VIEW|CREATE DICTIONARY) /

/** Tables and their columns after all migrations; a statement of a kind that this does not know fails the test. */
function readTables(): Record<string, string[]> {
  const tables: Record<string, string[]> = {}
  const statements = Object.keys(migrations)
    .sort()
    .flatMap((name) => splitStatements(migrations[name] ?? ''))
    .filter((statement) => !OTHERS.test(statement))
  for (const statement of statements) {
    const [, exchanged, other] = /^EXCHANGE TABLES (\w+) AND (\w+)/.exec(statement) ?? []
    const [, dropped] = /^DROP TABLE IF EXISTS (\w+)/.exec(statement) ?? []
    const [, copy, model] = /^CREATE TABLE IF NOT EXISTS (\w+) AS (\w+)\n/.exec(statement) ?? []
    if (exchanged !== undefined && other !== undefined) {
      ;[tables[exchanged], tables[other]] = [tables[other] ?? [], tables[exchanged] ?? []]
    } else if (dropped !== undefined) {
      delete tables[dropped]
    } else if (copy !== undefined && model !== undefined) {
      tables[copy] = [...(tables[model] ?? [])]
    } else {
      readColumns(statement, tables)
    }
  }
  return tables
}

function readColumns(statement: string, tables: Record<string, string[]>): void {
  const created = /^CREATE TABLE IF NOT EXISTS (\w+)\s*\(\n(.*?)\n\)/s.exec(statement)
  const altered = /^ALTER TABLE (\w+)\n/.exec(statement)
  const [, table = '', body = ''] = created ?? altered ?? []
  expect(table, statement.slice(0, 60)).not.toBe('')
  const lines = created === null ? statement.split('\n').slice(1) : body.split('\n')
  const pattern = created === null ? /^ +ADD COLUMN IF NOT EXISTS (\w+) / : /^ +(?!INDEX )(\w+) /
  const columns = lines.flatMap((line) => pattern.exec(line)?.[1] ?? [])
  tables[table] = [...(tables[table] ?? []), ...columns]
}

/** Tables are the headings of level 2 that are code; columns the first cells that are. */
function readDictionary(): Record<string, string[]> {
  const [text = ''] = Object.values(documents)
  const sections = text.split(/^## /m).slice(1)
  return Object.fromEntries(
    sections.flatMap((section) => {
      const table = /^`(\w+)`\n/.exec(section)?.[1]
      return table === undefined
        ? []
        : [[table, [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, column = '']) => column)]]
    }),
  )
}

describe('the data dictionary', () => {
  const tables = readTables()
  const dictionary = readDictionary()

  it('has the tables of the migrations', () => {
    expect(Object.keys(dictionary).sort()).toEqual(Object.keys(tables).sort())
    expect(Object.keys(tables).length).toBeGreaterThanOrEqual(3)
  })

  it.each(Object.keys(tables))('has every column of %s once, and no other', (table) => {
    // It has those of events, which are not told twice.
    const shared = table === 'corrected_events' ? (dictionary['events'] ?? []) : []
    const columns = [...shared, ...(dictionary[table] ?? [])]
    expect(columns.toSorted()).toEqual(tables[table]?.toSorted())
    expect(columns.length).toBeGreaterThan(1)
  })
})
