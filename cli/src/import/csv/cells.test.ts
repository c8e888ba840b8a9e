import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { type CellsResult, createCellReader } from './cells.ts'

/** What the lines of a text are, line by line. */
function read(text: string, delimiter = ','): CellsResult[] {
  const reader = createCellReader(delimiter)
  return text.split('\n').map((line) => reader.read(line))
}

const rowsOf = (text: string, delimiter?: string) =>
  read(text, delimiter).flatMap((result) => (result.state === 'row' ? [result.cells] : []))

/** Numbers that look random and are the same in every run. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe('cells', () => {
  it.each([
    ['a,b,c', [['a', 'b', 'c']]],
    ['', [['']]],
    [',', [['', '']]],
    ['"a,b",c', [['a,b', 'c']]],
    ['"say ""hi""",', [['say "hi"', '']]],
    ['"",""', [['', '']]],
    [
      '"two\nlines",x\ny,z',
      [
        ['two\nlines', 'x'],
        ['y', 'z'],
      ],
    ],
    ['x,"\n\n"', [['x', '\n\n']]],
    ['5" pipe,a"b"', [['5" pipe', 'a"b"']]],
    [' "a",b', [[' "a"', 'b']]],
  ])('of %j are found', (text, rows) => {
    expect(rowsOf(text)).toEqual(rows)
  })

  it('may have another delimiter', () => {
    expect(rowsOf('a;"b;c";d,e', ';')).toEqual([['a', 'b;c', 'd,e']])
  })

  it('after a fault begin anew with the next line', () => {
    expect(read('"a"b,c\nd,e').map(({ state }) => state)).toEqual(['fault', 'row'])
    expect(read('x,"a\nb"c\nd,e').map(({ state }) => state)).toEqual(['open', 'fault', 'row'])
  })

  it('that are open can be given up', () => {
    const reader = createCellReader(',')
    expect(reader.read('a,"b')).toEqual({ state: 'open' })
    reader.reset()
    expect(reader.read('c,d')).toEqual({ state: 'row', cells: ['c', 'd'] })
  })

  it('are those that csv-parse finds, in 2,000 tables', () => {
    const random = createRandom(1)
    const pick = (pieces: readonly string[]) => pieces[Math.floor(random() * pieces.length)] as string
    const cell = () => {
      const text = Array.from({ length: Math.floor(random() * 5) }, () =>
        pick(['a', 'é', ',', '"', '\n', ' ', '😀']),
      )
      const isPlain = !/[,"\n]/.test(text.join(''))
      return isPlain && random() < 0.7 ? text.join('') : `"${text.join('').replaceAll('"', '""')}"`
    }
    for (let table = 0; table < 2_000; table += 1) {
      const row = () => Array.from({ length: 3 }, cell).join(',')
      const text = Array.from({ length: 4 }, row).join('\n')
      expect(rowsOf(text), text).toEqual(parse(text))
    }
  })
})
