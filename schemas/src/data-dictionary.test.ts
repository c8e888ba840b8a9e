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

/** Tables and their columns after all migrations; a statement of a kind that this does not know fails the test. */
function readTables(): Record<string, string[]> {
  const tables: Record<string, string[]> = {}
  const statements = Object.keys(migrations)
    .sort()
    .flatMap((name) => splitStatements(migrations[name] ?? ''))
  for (const statement of statements) {
    const created = /^CREATE TABLE IF NOT EXISTS (\w+)\s*\(\n(.*?)\n\)/s.exec(statement)
    const altered = /^ALTER TABLE (\w+)\n/.exec(statement)
    const [, table = '', body = ''] = created ?? altered ?? []
    expect(table, statement.slice(0, 60)).not.toBe('')
    const lines = created === null ? statement.split('\n').slice(1) : body.split('\n')
    const pattern = created === null ? /^ +ADD COLUMN IF NOT EXISTS (\w+) / : /^ +(?!INDEX )(\w+) /
    const columns = lines.flatMap((line) => pattern.exec(line)?.[1] ?? [])
    tables[table] = [...(tables[table] ?? []), ...columns]
  }
  return tables
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
    const columns = dictionary[table] ?? []
    expect(columns.toSorted()).toEqual(tables[table]?.toSorted())
    expect(columns.length).toBeGreaterThan(10)
  })
})
