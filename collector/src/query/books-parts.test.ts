/** Unit tests of what the books tell beside the ledger. */

import { describe, expect, it } from 'vitest'
import { capReasons, readGaps } from './books-parts.ts'
import type { Cell } from './question.ts'

const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`r${i}`, i + 1]))

describe('reasons of drops', () => {
  it.each([
    ['none', {}, {}],
    ['few', { refused: 2, expired: 3 }, { expired: 3, refused: 2 }],
    ['no map', undefined, {}],
  ])('are told one by one: %s', (_, given, told) => {
    expect(capReasons(given)).toEqual(told)
  })

  it('are the most frequent, and the rest as other, of which none is lost', () => {
    const told = capReasons({ ...many(1_000), other: 5 })
    expect(Object.keys(told)).toHaveLength(20)
    expect(told).toMatchObject({ r999: 1_000, r981: 982 })
    expect(Object.values(told).reduce((sum, count) => sum + count, 0)).toBe(500_505)
    expect(told['other']).toBe(500_505 - 19 * 991)
  })
})

describe('gaps', () => {
  it('are an answer of bounded size, whatever reasons clients give', async () => {
    const row: Cell[] = ['st', 1, [[1, 1]], 3, many(2_000), 9, 'unknown', 'settled', '', '']
    const ask = async (): Promise<Cell[][]> => [[1, 1, 1, 0, 3, many(2_000), 1, ...row.slice(7)]]
    const lists = async (statement: { text?: string }) =>
      JSON.stringify(statement).includes('SELECT stream') ? [row] : ask()
    const { totals, rows } = await readGaps(lists as never, { from: 0, to: 1 }, 10)
    expect(Object.keys(totals['droppedBy'] as object)).toHaveLength(20)
    expect(rows[0]?.slice(0, 4)).toEqual(['st', 1, [[1, 1]], 3])
    expect(JSON.stringify(rows).length).toBeLessThan(1_000)
  })
})
