import { describe, expect, it } from 'vitest'
import { BOOK_MS, createBooks } from './books.ts'

function openBooks() {
  let at = 1_000
  let ids = 0
  return {
    books: createBooks({ now: () => at, randomId: () => `book-${++ids}` }),
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
