import { describe, expect, it } from 'vitest'
import { parseTime } from './filter.ts'

const NOW = Date.UTC(2026, 10, 21, 12)

describe('parseTime', () => {
  it.each([
    ['2026-11-20', '2026-11-20T00:00:00.000Z'],
    ['2026-11-20T10:30', '2026-11-20T10:30:00.000Z'],
    ['2026-11-20T10:30:15.5', '2026-11-20T10:30:15.500Z'],
    ['2026-11-20T10:30+02:00', '2026-11-20T08:30:00.000Z'],
    ['2026-11-20T10:30Z', '2026-11-20T10:30:00.000Z'],
    ['90m', '2026-11-21T10:30:00.000Z'],
    ['24h', '2026-11-20T12:00:00.000Z'],
    ['7d', '2026-11-14T12:00:00.000Z'],
  ])('reads %s as %s, wherever it runs', (text, expected) => {
    expect(new Date(parseTime(text, '--since', NOW)).toISOString()).toBe(expected)
  })

  it.each([
    ...['', 'yesterday', '5', '5w', '2026-13-01', '2026-11-20 10:30', '-1d'],
    ...['2026-02-30', '2026-04-31T10:00', '2026-11-00'],
  ])('refuses %j', (text) => {
    expect(() => parseTime(text, '--until', NOW)).toThrow(`got ${JSON.stringify(text)}`)
  })
})
