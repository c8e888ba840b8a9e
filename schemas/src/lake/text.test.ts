import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { batchOfRows, LAKE_COLUMNS } from './columns.ts'
import { createLakeText } from './text.ts'

const TIME = Date.UTC(2026, 10, 22, 10)

const BATCH = batchOfRows([
  {
    message_id: 'm-1',
    event: '=1+1, "quoted"\r\nand more',
    timestamp: TIME * 1_000,
    sent_at: (TIME + 1) * 1_000 + 7,
    properties: '{"price":1e400,"big":12345678901234567890}',
    is_bot: true,
    seq: 7,
  },
  { message_id: 'm-2', event: '\u2028', timestamp: TIME * 1_000 },
])

describe('NDJSON', () => {
  it('has a line for each row: JSON as JSON, as it was written, and times as ISO 8601', () => {
    const text = createLakeText('ndjson', 'shop').rows(BATCH)
    const lines = text.trimEnd().split('\n')
    expect(lines).toHaveLength(2)
    expect(lines[0]).toContain('"properties":{"price":1e400,"big":12345678901234567890}')
    const rows = lines.map((line) => JSON.parse(line))
    expect(Object.keys(rows[1])).toEqual(['source', ...LAKE_COLUMNS.map(({ name }) => name)])
    expect(rows[0]).toMatchObject({
      source: 'shop',
      message_id: 'm-1',
      event: '=1+1, "quoted"\r\nand more',
      timestamp: '2026-11-22T10:00:00.000Z',
      sent_at: '2026-11-22T10:00:00.001007Z',
      is_bot: true,
      seq: 7,
    })
    expect(rows[1]).toMatchObject({ sent_at: null, violations: [], traits: {}, event: '\u2028' })
  })
})

describe('CSV', () => {
  it('is read back by another reader', () => {
    const { head, rows } = createLakeText('csv', 'shop')
    const [names, first, second, ...more]: string[][] = parse(head + rows(BATCH), { recordDelimiter: '\r\n' })
    expect(names).toEqual(['source', ...LAKE_COLUMNS.map(({ name }) => name)])
    const cellsOf = (row: string[] = []) => Object.fromEntries(row.map((cell, at) => [names?.[at], cell]))
    expect(cellsOf(first)).toMatchObject({
      source: 'shop',
      event: '=1+1, "quoted"\r\nand more',
      timestamp: '2026-11-22T10:00:00.000Z',
      sent_at: '2026-11-22T10:00:00.001007Z',
      properties: '{"price":1e400,"big":12345678901234567890}',
      is_bot: 'true',
      seq: '7',
    })
    expect(cellsOf(second)).toMatchObject({ sent_at: '', violations: '[]', is_bot: 'false' })
    expect(more).toEqual([])
  })

  it('may be written in pieces', () => {
    const { rows } = createLakeText('csv', 'shop')
    expect(rows(BATCH, 0, 1) + rows(BATCH, 1, 2)).toBe(rows(BATCH))
  })
})
