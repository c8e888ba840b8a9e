/** The tables of many sources, read at once with the statements of the oracle's own reader, which reads one. */

import { readTables, type Tables } from '../../support/oracle/compare.ts'

/** Rows of a query. */
export type Query = <Row>(sql: string, parameters?: Record<string, unknown>) => Promise<Row[]>

/** Tables of each source. */
export async function readAllTables(query: Query, sources: readonly string[]): Promise<Map<string, Tables>> {
  const all = await readTables({ query: withSources(query, sources) }, '')
  const found = new Map<string, Tables>(sources.map((source) => [source, emptyOf(all)]))
  for (const [table, rows] of Object.entries(all)) {
    for (const row of rows) {
      const [, source = '', rest = ''] = /^\{"source":"([^"]*)",?(.*)$/s.exec(row) ?? []
      found.get(source)?.[table as keyof Tables].push(`{${rest}`)
    }
  }
  for (const tables of found.values()) for (const rows of Object.values(tables)) rows.sort()
  return found
}

/** Every select, those inside others too, also gives the source, and is of all of these. */
function withSources(query: Query, sources: readonly string[]): Query {
  return (sql) =>
    query(
      sql
        .replaceAll('SELECT ', 'SELECT source, ')
        .replaceAll('source = {source:String}', 'source IN {sources:Array(String)}'),
      { sources },
    )
}

function emptyOf(tables: Tables): Tables {
  return Object.fromEntries(Object.keys(tables).map((name) => [name, []])) as unknown as Tables
}
