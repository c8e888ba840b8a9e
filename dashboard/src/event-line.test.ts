import { expect, it } from 'vitest'
import { tellAge } from './event-line.ts'
import { NOW } from './fixtures.ts'
import { formatDay } from './format.ts'

const DAY_MS = 86_400_000

it('an event says how long it was on its way, and one of history its day', () => {
  expect(tellAge(NOW - 1_500, NOW)).toBe('1.5 s')
  expect(tellAge(NOW - DAY_MS, NOW)).toBe('1 d')
  expect(tellAge(NOW - DAY_MS - 1, NOW)).toBe(formatDay(NOW - DAY_MS - 1))
})
