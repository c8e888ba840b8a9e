import { expect, test } from 'vitest'
import { mintId } from './ids.ts'

test('id is 16 letters, digits and underscores, and new each time', () => {
  const ids = Array.from({ length: 1_000 }, mintId)
  expect(ids.every((id) => /^[A-Za-z0-9_]{16}$/.test(id))).toBe(true)
  expect(new Set(ids).size).toBe(1_000)
})
