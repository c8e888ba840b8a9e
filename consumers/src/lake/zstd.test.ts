/** The lake's compression in the runtime that it runs in: see `compress` in `schemas/src/lake/write-file.ts`. */

import { batchOfRows, bytesOf, encodeLakeFile, openLakeFile, placeOf } from '@millrace/schemas/lake'
import { describe, expect, it } from 'vitest'

/** Text that does not compress, the same each time. */
function randomText(length: number): string {
  let state = 0x12345678
  let text = ''
  while (text.length < length) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    text += String.fromCharCode(0x4e00 + ((state >>> 0) % 20_000))
  }
  return text
}

describe('a file', () => {
  it.each([1_000, 5_000, 16_000, 50_000, 300_000])(
    'of text that does not compress, %i characters, is read as it was written',
    async (length) => {
      const text = randomText(length)
      const rows = Array.from({ length: 10 }, (_, index) => ({
        message_id: `m${index}`,
        page_title: text.slice((index * length) / 10, ((index + 1) * length) / 10),
      }))
      const file = await openLakeFile(bytesOf(encodeLakeFile(batchOfRows(rows)).buffer))
      const titles: unknown[] = []
      for await (const { columns } of file.batches()) titles.push(...(columns[placeOf('page_title')] ?? []))
      expect(titles).toEqual(rows.map(({ page_title }) => page_title))
    },
  )
})
