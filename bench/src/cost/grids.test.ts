import { describe, expect, it } from 'vitest'
import type { Measured } from '../measure.ts'
import { buildGrids } from './grids.ts'
import { toMarkdown } from './markdown.ts'
import { NAMES } from './names.ts'
import { formatGrid } from './table.ts'

const SHAPE = NAMES.shape({ events: 3, size: '650 B' })

const RESULTS: Measured[] = [
  { name: NAMES.million(SHAPE), value: 0.5234, unit: '$' },
  { name: NAMES.amount(SHAPE, 'Queue operations'), value: 1_000_000, unit: 'operations' },
  { name: NAMES.price(SHAPE, 'Queue operations'), value: 0.4, unit: '$' },
  { name: NAMES.peer(10, 'PostHog product analytics'), value: 324.4, unit: '$' },
]

const cells = (title: RegExp, row: string) =>
  buildGrids(RESULTS)
    .find((grid) => title.test(grid.title))
    ?.rows.find(([head]) => head === row)

describe('tables', () => {
  it('have the results where they belong, and a dash where there is none', () => {
    expect(cells(/^Dollars a million events of/, 'All')).toEqual(['All', '–', '0.523', '–', '–', '–'])
    expect(cells(/^What a million/, 'Queue operations, operations')?.[2]).toBe('1,000,000')
    expect(cells(/by million events a month$/, 'PostHog product analytics')).toEqual([
      ...['PostHog product analytics', '–', '32.44', '–'],
    ])
  })

  it('are aligned on the terminal and marked up in the documentation', () => {
    const grid = { title: 'T', columns: ['', 'a'], rows: [['row', '12']] }
    expect(formatGrid(grid)).toBe('\n  T\n          a\n    row  12')
    expect(toMarkdown(grid)).toBe('T:\n\n|  | a |\n| --- | ---: |\n| row | 12 |\n')
    const linked = { ...grid, rows: [['row', 'https://example.com/']] }
    expect(toMarkdown(linked)).toContain('| row | [price list](https://example.com/) |')
  })
})
