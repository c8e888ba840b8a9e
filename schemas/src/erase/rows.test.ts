/** What the text of a deletion may hold. */

import { describe, expect, it } from 'vitest'
import type { ErasedEvent } from './events.ts'
import { type Erasure, eraseRows } from './rows.ts'

const erasedEvent = (message: string, hour: string): ErasedEvent => ({
  message,
  hash: `hash of ${message}`,
  hour,
  at: '0',
  lakeHour: '0',
  hasClock: '1',
  key: '1',
  session: '',
  visitor: '',
  device: '',
})

/** Statements that count `count` rows everywhere and remember what is deleted. */
function createStatements(count: number) {
  const deletions: { sql: string; parameters: Record<string, unknown> }[] = []
  return {
    deletions,
    run: async (sql: string, parameters: Record<string, unknown> = {}) =>
      void deletions.push({ sql, parameters }),
    read: async <Row>() => [{ count: String(count) }] as Row[],
  }
}

const places = { rowsOf: (table: string) => table }

const erasure: Erasure = {
  source: 'shop',
  ids: ['h1', 'h2', 'h3'],
  events: [erasedEvent('m2', '2026-11-22 11:00:00'), erasedEvent('m1', '2026-11-22 10:00:00')],
  sessions: ['s'],
  chunkSize: 2,
}

describe('a deletion', () => {
  it('is of one source, and names hashes alone', async () => {
    const statements = createStatements(1)
    await eraseRows(statements, places, erasure)
    for (const { sql, parameters } of statements.deletions) {
      expect(sql).toMatch(
        /^(DELETE FROM \w+|ALTER TABLE \w+ UPDATE \w+ = .+|INSERT INTO omitted .+) WHERE source = \{source:String\} AND /,
      )
      expect(JSON.stringify({ ...parameters, keys: [] })).not.toMatch(/"m\d"/)
    }
  })

  it('is cut into statements of so many hashes, events by their hour', async () => {
    const statements = createStatements(1)
    const counts = await eraseRows(statements, places, { ...erasure, chunkSize: 1 })
    const ofEvents = statements.deletions.filter(({ sql }) => sql.startsWith('DELETE FROM events '))
    expect(ofEvents.map(({ parameters }) => parameters)).toEqual([
      { source: 'shop', hashes: ['hash of m1'], hours: ['2026-11-22 10:00:00'] },
      { source: 'shop', hashes: ['hash of m2'], hours: ['2026-11-22 11:00:00'] },
    ])
    expect(counts).toMatchObject({ events: 2, identities: 3 })
  })

  it('of an event leaves, before it, that there was one: the books would miss it otherwise', async () => {
    const statements = createStatements(1)
    await eraseRows(statements, places, erasure)
    for (const table of ['events', 'quarantine']) {
      const some = statements.deletions.map(({ sql }) => sql).filter((sql) => sql.includes(` FROM ${table} `))
      expect([...new Set(some.map((sql) => sql.slice(0, 11)))]).toEqual(['INSERT INTO', 'DELETE FROM'])
    }
  })

  it('leaves a trace that is kept from now on, whenever the event came', async () => {
    const statements = createStatements(1)
    await eraseRows(statements, places, erasure)
    const traces = statements.deletions.map(({ sql }) => sql).filter((sql) => sql.startsWith('INSERT INTO'))
    expect(traces.length).toBeGreaterThan(0)
    for (const sql of traces) {
      const [, columns = '', values = ''] = /^INSERT INTO omitted \((.*?)\) SELECT (.*) FROM /.exec(sql) ?? []
      const order = columns.split(', ')
      const written = (column: string) => values.split(', ')[order.indexOf(column)]
      expect([written('received_at'), written('copy_rank')]).toEqual(['now64(3)', `${2n ** 64n - 1n}`])
    }
  })

  it('is left out where there is nothing to delete', async () => {
    const statements = createStatements(0)
    expect(await eraseRows(statements, places, erasure)).toEqual({})
    expect(statements.deletions).toEqual([])
  })
})
