import { describe, expect, it } from 'vitest'
import { createCacheMarks } from './cache-marks.ts'

describe('marks in the cache', () => {
  it('are found by their id', async () => {
    const marks = createCacheMarks(caches.default)
    expect(await marks.has('a')).toBe(false)
    await marks.mark('a', 60)
    expect([await marks.has('a'), await marks.has('b')]).toEqual([true, false])
  })

  it('last as long as they were made for', async () => {
    const kept: [string, string | null][] = []
    const marks = createCacheMarks({
      match: async () => undefined,
      put: async (url, { headers }) => void kept.push([url, headers.get('cache-control')]),
    })
    await marks.mark('abc', 1_800)
    expect(kept).toEqual([['https://visits.millrace.invalid/abc', 'max-age=1800']])
  })
})
