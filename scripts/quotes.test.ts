import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compareTexts, findMarked, replaceMarked } from './quotes/marks.ts'
import { QUOTES } from './quotes/quotes.ts'
import { createReadResults, type ReadResults } from './quotes/results.ts'
import { checkPage } from './quotes.ts'
import { ROOT } from './setup.mjs'

const PAGE = `One <!--n:size-->7.8 KB<!--/n--> and\n\n<!-- numbers:table -->\n| a |\n| 1,000 |\n<!-- /numbers -->\n`

describe('marks', () => {
  it('finds what stands between them, in a line and around lines', () => {
    expect(findMarked(PAGE)).toEqual([
      { name: 'size', text: '7.8 KB', line: 1 },
      { name: 'table', text: '| a |\n| 1,000 |\n', line: 3 },
    ])
  })

  it.each(['<!--n:size-->7.8 KB', '<!-- numbers:table -->\n| a |\n', '7.8 KB<!--/n-->'])(
    'an open one is refused: %s',
    (text) => {
      expect(() => findMarked(text)).toThrow('not closed')
    },
  )

  it('replaces what stands between them and nothing else', () => {
    const replaced = replaceMarked(PAGE, (name) => (name === 'size' ? '9 KB' : '| b |\n'))
    expect(replaced).toBe(
      `One <!--n:size-->9 KB<!--/n--> and\n\n<!-- numbers:table -->\n| b |\n<!-- /numbers -->\n`,
    )
  })
})

describe('comparison', () => {
  it.each([
    ['the same', '7.8 KB', '7.8 KB', 0, undefined],
    ['within the noise', '7.8 KB', '7.9 KB', 0.02, undefined],
    ['beyond it', '7.8 KB', '8.8 KB', 0.02, 'quotes 7.8 where the results have 8.8, and should within 2 %'],
    ['a count that differs by one', '10,143,244', '10,143,245', 0, 'quotes 10143244 where'],
    ['zero that is none any more', '0 lost', '1 lost', 0.5, 'quotes 0 where the results have 1'],
    ['another unit', '7.8 KB', '7.8 MB', 1, 'says "7.8 KB", and the results give "7.8 MB"'],
    ['a number too few', '1 of', '1 of 2', 1, 'says'],
  ])('%s', (_what, quoted, measured, noise, expected) => {
    const told = compareTexts(quoted, measured, noise)
    if (expected === undefined) expect(told).toBeUndefined()
    else expect(told).toContain(expected)
  })
})

describe('a page', () => {
  const read: ReadResults = (name) => ({
    name,
    measuredAt: '2026-11-23T00:00:00Z',
    results: [{ name: 'sent', value: 100, unit: 'events' }],
  })
  const quotes = {
    sent: {
      files: ['load'],
      noise: 0.1,
      write: (from: ReadResults) => String(from('load').results[0]?.value),
    },
  }

  it('is right within the noise', () => {
    expect(checkPage('README.md', 'sent <!--n:sent-->105<!--/n-->', read, quotes)).toEqual([])
  })

  it('is told of what differs, by file and line', () => {
    expect(checkPage('README.md', '\n\nsent <!--n:sent-->120<!--/n-->', read, quotes)).toEqual([
      'README.md:3: sent quotes 120 where the results have 100, and should within 10 %',
    ])
  })

  it('is told of a number that there is not', () => {
    expect(checkPage('README.md', '<!--n:cent-->1<!--/n-->', read, quotes)[0]).toContain(
      'there is no number cent',
    )
  })
})

describe('the quotes', () => {
  it('can all be written from the results that there are', () => {
    const read = createReadResults()
    for (const { write } of Object.values(QUOTES)) expect(write(read)).toMatch(/\d/)
  })

  it('come from files that the benches write', () => {
    const benches = readFileSync(join(ROOT, 'bench/src/index.ts'), 'utf8')
    const files = new Set(Object.values(QUOTES).flatMap((quote) => quote.files))
    for (const file of files) expect(benches).toMatch(new RegExp(`^  '?${file}'?: \\{|file: '${file}'`, 'm'))
  })
})
