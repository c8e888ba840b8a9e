import { describe, expect, it } from 'vitest'
import { MAX_AHEAD_MS, MAX_LIVE_AGE_MS, parseClientTime, resolveEventTime } from './event-time.ts'

describe('parseClientTime', () => {
  it.each([
    ['2026-01-02', '2026-01-02T00:00:00.000Z'],
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05.678Z'],
    ['2026-01-02T03:04:05.678901+02:00', '2026-01-02T01:04:05.678Z'],
    ['2026-01-02T03:04:05+0200', '2026-01-02T01:04:05.000Z'],
    ['2026-01-02 03:04:05', '2026-01-02T03:04:05.000Z'],
    [1_700_000_000_000, '2023-11-14T22:13:20.000Z'],
  ])('reads %s', (input, expected) => {
    expect(new Date(parseClientTime(input) ?? Number.NaN).toISOString()).toBe(expected)
  })

  it.each([
    ['text', 'yesterday'],
    ['a bare number as text', '1'],
    ['a month that is none', '2026-13-02'],
    ['a day that is none', '2026-02-30T00:00:00Z'],
    ['the year 1', '0001-01-01'],
    ['the year 9999', '9999-01-01'],
    ['a negative number', -5],
    ['no number', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['nothing', undefined],
    ['an object', {}],
  ])('takes %s for no time', (_what, input) => {
    expect(parseClientTime(input)).toBeUndefined()
  })
})

describe('resolveEventTime', () => {
  const receivedAt = Date.UTC(2026, 0, 2, 12)

  it.each([
    [
      'cancels out a clock that runs a year behind',
      { originalTimestamp: 1_000, sentAt: 61_000 },
      receivedAt - 60_000,
    ],
    [
      'takes the clock as it is without sentAt',
      { originalTimestamp: receivedAt - 5_000 },
      receivedAt - 5_000,
    ],
    [
      'never lies after the request',
      { originalTimestamp: receivedAt + 5_000, sentAt: receivedAt },
      receivedAt,
    ],
    ['is the time of the request when the client did not say', {}, receivedAt],
  ])('%s', (_what, clocks, timestamp) => {
    expect(resolveEventTime({ ...clocks, receivedAt })).toEqual({ ok: true, timestamp })
  })

  it.each([
    [
      'over a day after it was sent',
      { originalTimestamp: receivedAt + MAX_AHEAD_MS + 1, sentAt: receivedAt },
      'happened 25 hours after it was sent; its clock may be at most 24 hours ahead',
    ],
    [
      'too long before it was sent',
      { originalTimestamp: receivedAt - MAX_LIVE_AGE_MS - 1, sentAt: receivedAt },
      'happened 401 days before it was sent; a live event may be at most 400 days old, send history to /v1/import',
    ],
    [
      'too long before it was received',
      { originalTimestamp: receivedAt - MAX_LIVE_AGE_MS - 1 },
      'happened 401 days before it was received; a live event may be at most 400 days old, send history to /v1/import',
    ],
  ])('refuses what happened %s, and names the limit', (_what, clocks, message) => {
    expect(resolveEventTime({ ...clocks, receivedAt })).toEqual({ ok: false, message })
  })
})
