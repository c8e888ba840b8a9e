import { describe, expect, it } from 'vitest'
import { createMessage } from './fakes.ts'
import { sliceByLength } from './slices.ts'

describe('sliceByLength', () => {
  it.each([
    ['nothing', [], []],
    ['a small batch', [10, 10, 10], [3]],
    ['a large batch', [60, 60, 30, 70, 1], [1, 2, 2]],
    ['one message over the limit', [500, 1], [1, 1]],
  ])('cuts %s', (_what, sizes, expected) => {
    const messages = sizes.map((size, index) => createMessage(`m${index}`, 'x'.repeat(size)))
    const slices = sliceByLength(messages, 100)
    expect(slices.map((slice) => slice.length)).toEqual(expected)
    expect(slices.flat()).toEqual(messages)
  })
})
