import { expect, test } from 'vitest'
import { closeBooks, countAll, type Found, findUnstored, type Issued } from './compare.ts'
import type { Ranges } from './ranges.ts'

function issue(lastSeq: number, more: Partial<Issued> = {}): Issued {
  return { client: 'node', lastSeq, acked: [[1, lastSeq]], filtered: [], dropped: [], ...more }
}

function find(stored: Ranges, more: Partial<Found> = {}): Found {
  return { stored, quarantined: [], doubled: 0, ...more }
}

const NO_HELD = new Map<string, Ranges>()

test('every number is in one place, and all places add up to what was sent', () => {
  const issued = new Map([
    // 1-10 stored, 11 quarantined, 12 filtered, 13-15 lost with the queue, 16-17 dropped, 18-20 with the client.
    ['a', issue(20, { acked: [[1, 15]], filtered: [[12, 12]], dropped: [[16, 17]] })],
    ['b', issue(5)],
  ])
  const found = new Map([
    ['a', find([[1, 10]], { quarantined: [[11, 11]] })],
    ['b', find([[1, 5]])],
  ])
  const books = closeBooks(issued, found, new Map([['a', [[9, 15]] as Ranges]]))
  expect(books).toEqual({
    ...{ sent: 25, acked: 20, stored: 15, quarantined: 1, filtered: 1, lostWithQueue: 3, dropped: 2 },
    ...{ waiting: 3, unexplained: 0, doubled: 0, strangers: 0, examples: [] },
  })
})

test('an acknowledged event that is nowhere is unexplained, though the client gave up its copy', () => {
  const issued = new Map([['a', issue(4, { dropped: [[3, 3]] })]])
  const books = closeBooks(
    issued,
    new Map([
      [
        'a',
        find([
          [1, 2],
          [4, 4],
        ]),
      ],
    ]),
    NO_HELD,
  )
  expect(books).toMatchObject({ stored: 3, unexplained: 1, dropped: 0 })
  expect(books.examples).toEqual([{ stream: 'a', client: 'node', ranges: [[3, 3]] }])
})

test('what was stored without an answer is stored, and no gap', () => {
  const books = closeBooks(
    new Map([['a', issue(3, { acked: [], dropped: [[1, 1]] })]]),
    new Map([['a', find([[1, 2]])]]),
    NO_HELD,
  )
  expect(books).toMatchObject({ stored: 2, dropped: 0, waiting: 1, unexplained: 0 })
})

test('rows that nobody sent, and rows too many, are seen', () => {
  const found = new Map([
    ['a', find([[1, 3]], { doubled: 2 })],
    ['x', find([[1, 4]])],
  ])
  expect(closeBooks(new Map([['a', issue(2)]]), found, NO_HELD)).toMatchObject({ doubled: 2, strangers: 5 })
})

test('unstored is what was acknowledged and is neither stored nor quarantined nor filtered', () => {
  const issued = new Map([
    ['a', issue(10, { filtered: [[2, 2]] })],
    ['b', issue(3)],
    ['c', issue(3, { acked: [] })],
  ])
  const found = new Map([
    ['a', find([[3, 8]], { quarantined: [[1, 1]] })],
    ['b', find([[1, 3]])],
  ])
  const unstored = findUnstored(issued, found)
  expect([...unstored]).toEqual([['a', [[9, 10]]]])
  expect(countAll(unstored)).toBe(2)
})
