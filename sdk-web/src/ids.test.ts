import { expect, test } from 'vitest'
import { mintStream } from './ids.ts'

test('stream is 16 url-safe characters without a dash, and new each time', () => {
  const streams = Array.from({ length: 1_000 }, mintStream)
  expect(streams.every((stream) => /^[A-Za-z0-9_]{16}$/.test(stream))).toBe(true)
  expect(new Set(streams).size).toBe(1_000)
})
