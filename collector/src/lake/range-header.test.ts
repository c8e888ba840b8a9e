import { describe, expect, it } from 'vitest'
import { parseRangeHeader, settleRange } from './range-header.ts'

describe('a header Range', () => {
  it.each([
    ['bytes=0-3', 10, [0, 3]],
    ['bytes=4-', 10, [4, 9]],
    ['bytes=-4', 10, [6, 9]],
    ['bytes=-40', 10, [0, 9]],
    ['bytes=8-99', 10, [8, 9]],
    ['bytes=0-0', 10, [0, 0]],
    ['Bytes= 2-3 ', 10, [2, 3]],
    ['bytes=10-', 10, undefined],
    ['bytes=-0', 10, undefined],
    ['bytes=0-', 0, undefined],
  ])('%s of %i bytes is %j', (header, size, expected) => {
    const range = parseRangeHeader(header)
    const settled = range === undefined ? 'none' : settleRange(range, size)
    expect(settled === undefined || settled === 'none' ? settled : [settled.first, settled.last]).toEqual(
      expected,
    )
  })

  it.each([null, '', 'bytes=', 'bytes=-', 'bytes=0-1,4-5', 'items=0-1', 'bytes=5-4', 'bytes=a-b', 'bytes=1'])(
    '%s is passed over',
    (header) => {
      expect(parseRangeHeader(header)).toBeUndefined()
    },
  )
})
