/** The header `Range`, and which bytes of an object it means. Pure. Source: RFC 9110, section 14. */

import type { ByteRange } from './bucket.ts'

/**
 * The range that is asked for. `undefined` when there is none, or one that a server may pass over: several at once, another
 * unit, or no range at all.
 */
export function parseRangeHeader(header: string | null): ByteRange | undefined {
  const [, first = '', last = ''] = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header ?? '') ?? []
  if (first === '') return last === '' ? undefined : { suffix: Number(last) }
  if (last === '') return { offset: Number(first) }
  const length = Number(last) - Number(first) + 1
  return length > 0 ? { offset: Number(first), length } : undefined
}

/** First and last byte of a range of an object of that size; `undefined` when there is no such byte. */
export function settleRange(range: ByteRange, size: number): { first: number; last: number } | undefined {
  const first = 'suffix' in range ? Math.max(0, size - range.suffix) : range.offset
  const end = 'suffix' in range ? size : Math.min(size, range.offset + (range.length ?? size))
  return first < end ? { first, last: end - 1 } : undefined
}
