import { describe, expect, it } from 'vitest'
import { BOOK_MS, createBooks } from './books.ts'

function openBooks(maxAgeMs?: number) {
  let at = 1_000
  let ids = 0
  return {
    books: createBooks({
      ...{ now: () => at, randomId: () => `book-${++ids}` },
      ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    }),
    pass: (ms: number) => {
      at += ms
    },
  }
}

describe('books', () => {
  it('number the requests of a source and say what came before each', () => {
    const { books } = openBooks()
    books.open('shop', [2, 1, 0]).settle(true)
    books.open('blog', [9, 0, 0]).settle(true)
    const { receipt } = books.open('shop', [5, 0, 3])
    expect(receipt).toEqual({
      ...{ book: 'book-1', number: 2, at: 1_000, counts: [5, 0, 3], before: [2, 1, 0], settled: 2 },
    })
  })

  it('say nothing of a request that is under way, nor of those after it', () => {
    const { books } = openBooks()
    books.open('shop', [1, 0, 0]).settle(true)
    const slow = books.open('shop', [1, 0, 0])
    books.open('shop', [1, 0, 0]).settle(true)
    expect(books.open('shop', [1, 0, 0]).receipt.settled).toBe(2)
    slow.settle(true)
    // The fourth is still under way.
    expect(books.open('shop', [1, 0, 0]).receipt.settled).toBe(4)
  })

  it('name a request that was not stored, once all before it are settled', () => {
    const { books } = openBooks()
    const slow = books.open('shop', [1, 0, 0])
    books.open('shop', [7, 2, 1]).settle(false)
    expect(books.open('shop', [1, 0, 0]).receipt.failed).toBeUndefined()
    slow.settle(true)
    expect(books.open('shop', [1, 0, 0]).receipt).toMatchObject({ settled: 3, failed: [[2, 7, 2, 1]] })
  })

  it('add up what is refused whole, and what was told stays as it was', () => {
    const { books } = openBooks()
    books.refuse('shop', 'rate_limited', 10)
    const { receipt } = books.open('shop', [1, 0, 0])
    books.refuse('shop', 'rate_limited', 5)
    books.refuse('shop', 'invalid_json', 0)
    expect(receipt.refused).toEqual({ rate_limited: [1, 10] })
    expect(books.open('shop', [1, 0, 0]).receipt.refused).toEqual({
      rate_limited: [2, 15],
      invalid_json: [1, 0],
    })
  })

  it('begin anew after six hours, when the clock is set back, and after 32 failures', () => {
    const { books, pass } = openBooks()
    expect(books.open('shop', [1, 0, 0]).receipt).toMatchObject({ book: 'book-1', number: 1 })
    pass(BOOK_MS)
    expect(books.open('shop', [1, 0, 0]).receipt).toMatchObject({ book: 'book-2', number: 1 })
    pass(-1)
    expect(books.open('shop', [1, 0, 0]).receipt).toMatchObject({ book: 'book-3', number: 1 })
    for (let count = 0; count < 32; count++) books.open('shop', [1, 0, 0]).settle(false)
    expect(books.open('shop', [1, 0, 0]).receipt).toMatchObject({ book: 'book-4', number: 1 })
  })

  it('give up a request that was cut off: it says nothing of those after it', () => {
    const { books, pass } = openBooks()
    const cutOff = books.open('shop', [7, 0, 0])
    books.open('shop', [1, 0, 0]).settle(true)
    pass(60_000)
    expect(books.open('shop', [1, 0, 0]).receipt).toMatchObject({ settled: 3, failed: [[1, 7, 0, 0]] })
    cutOff.settle(true)
    cutOff.settle(false)
    expect(books.open('shop', [1, 0, 0]).receipt.failed).toEqual([[1, 7, 0, 0]])
  })

  it('do not count beyond what a column holds', () => {
    const { books } = openBooks()
    for (let count = 0; count < 3; count++) books.refuse('shop', 'rate_limited', 2_000_000_000)
    expect(books.open('shop', [1, 0, 0]).receipt.refused).toEqual({ rate_limited: [3, 2 ** 31] })
  })
})

describe('the end of a book', () => {
  /** Six hours after a book of two requests, of which the second failed, and with a refusal after it. */
  function turned() {
    const opened = openBooks()
    opened.books.open('shop', [2, 1, 0]).settle(true)
    opened.pass(500)
    opened.books.open('shop', [3, 0, 1]).settle(false)
    opened.books.refuse('shop', 'rate_limited', 7)
    opened.pass(BOOK_MS)
    return opened
  }
  const open = ({ books }: ReturnType<typeof openBooks>, source = 'shop') => books.open(source, [1, 0, 0])
  const endOf = { book: 'book-1', number: 3, at: 1_500, before: [5, 1, 1], settled: 3 }

  it('is told by the next one: all that it took, when it was last written in, what failed and was refused', () => {
    const opened = turned()
    const { receipt } = open(opened)
    expect(receipt).toMatchObject({ book: 'book-2', number: 1, before: [0, 0, 0], settled: 1 })
    expect(receipt.refused).toBeUndefined()
    expect(receipt.closed).toEqual([{ ...endOf, failed: [[2, 3, 0, 1]], refused: { rate_limited: [1, 7] } }])
    expect(open(opened, 'blog').receipt.closed).toBeUndefined()
  })

  it('is told of a book in which all was refused', () => {
    const { books, pass } = openBooks()
    books.refuse('shop', 'rate_limited', 5)
    pass(BOOK_MS)
    books.refuse('shop', 'rate_limited', 2)
    expect(books.open('shop', [1, 0, 0]).receipt).toMatchObject({
      refused: { rate_limited: [1, 2] },
      closed: [{ number: 1, at: 1_000, before: [0, 0, 0], settled: 1, refused: { rate_limited: [1, 5] } }],
    })
  })

  it('is told no more once three requests that had it are durable; those that failed had it in vain', () => {
    const opened = turned()
    for (const isDurable of [true, false, true]) open(opened).settle(isDurable)
    const last = open(opened)
    expect(last.receipt.closed).toHaveLength(1)
    last.settle(true)
    last.settle(true)
    expect(open(opened).receipt.closed).toBeUndefined()
  })

  it('is told by each request that is under way meanwhile, and by a book after the next', () => {
    const opened = turned()
    open(opened).settle(true)
    opened.pass(BOOK_MS)
    const both = [open(opened), open(opened), open(opened)]
    for (const { receipt } of both) {
      expect(receipt.closed).toMatchObject([
        endOf,
        { book: 'book-2', number: 2, before: [1, 0, 0], settled: 2 },
      ])
    }
    for (const { settle } of both) settle(true)
    expect(open(opened).receipt.closed).toBeUndefined()
  })

  it('is told again and again while a request of it is under way, and then what became of that', () => {
    const opened = openBooks()
    const slow = opened.books.open('shop', [4, 0, 0])
    opened.books.open('shop', [1, 0, 0]).settle(true)
    opened.pass(BOOK_MS - 1_000)
    const late = opened.books.open('shop', [6, 0, 0])
    opened.pass(1_000)
    // The first was cut off hours ago, the last is under way.
    for (let count = 0; count < 5; count++) {
      const { receipt, settle } = open(opened)
      expect(receipt.closed).toMatchObject([
        { number: 4, before: [11, 0, 0], settled: 3, failed: [[1, 4, 0, 0]] },
      ])
      settle(true)
    }
    late.settle(false)
    slow.settle(true)
    const failed = [
      [1, 4, 0, 0],
      [3, 6, 0, 0],
    ]
    expect(open(opened).receipt.closed).toMatchObject([{ number: 4, settled: 4, failed }])
  })

  it('gives up requests of it that were cut off', () => {
    const opened = openBooks()
    opened.books.open('shop', [4, 0, 0])
    opened.pass(BOOK_MS - 1)
    opened.books.open('shop', [6, 0, 0])
    opened.pass(1)
    expect(open(opened).receipt.closed).toMatchObject([{ number: 3, settled: 2 }])
    opened.pass(60_000)
    const failed = [
      [1, 4, 0, 0],
      [2, 6, 0, 0],
    ]
    expect(open(opened).receipt.closed).toMatchObject([{ number: 3, settled: 3, failed }])
  })

  it('stands for at most four books; those of an outage make room for one with something durable', () => {
    const opened = turned()
    for (let book = 0; book < 9; book++) {
      for (let count = 0; count < 32; count++) open(opened).settle(false)
    }
    const { receipt } = open(opened)
    expect(receipt.book).toBe('book-11')
    expect(receipt.closed?.map(({ book }) => book)).toEqual(['book-1', 'book-8', 'book-9', 'book-10'])
  })

  it('is not told any more of the oldest of five that all have something durable', () => {
    const opened = openBooks(1_000)
    for (let book = 0; book < 6; book++) {
      // One request of each stays under way, so that its end cannot be told whole.
      const [durable] = [open(opened), open(opened)]
      durable?.settle(true)
      opened.pass(1_000)
    }
    const { receipt } = open(opened)
    expect(receipt.closed?.map(({ book }) => book)).toEqual(['book-3', 'book-4', 'book-5', 'book-6'])
  })

  it('names 64 failed requests, and says nothing of what is behind them', () => {
    const opened = openBooks()
    const requests = Array.from({ length: 100 }, () => open(opened))
    for (const { settle } of requests.toReversed()) settle(false)
    const [end] = open(opened).receipt.closed ?? []
    expect(end).toMatchObject({ number: 101, before: [100, 0, 0], settled: 65 })
    expect(end?.failed?.map(([number]) => number)).toEqual(
      Array.from({ length: 64 }, (_, index) => index + 1),
    )
  })

  it('adds about a hundred bytes to a receipt', () => {
    const opened = turned()
    const { closed, ...own } = open(opened).receipt
    const bytes = JSON.stringify({ ...own, closed }).length - JSON.stringify(own).length
    expect(closed).toHaveLength(1)
    expect(bytes).toBeLessThan(170)
  })
})
