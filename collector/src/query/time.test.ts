import { describe, expect, it } from 'vitest'
import {
  bucketStart,
  defaultInterval,
  hasWholeHours,
  listBuckets,
  parseDuration,
  parseMoment,
  parseTimeZone,
  zoneOffset,
} from './time.ts'

const at = (text: string) => Date.parse(text)

describe('parseDuration', () => {
  it.each([
    ['30m', 1_800_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['4w', 2_419_200_000],
  ])('takes %s', (text, durationMs) => expect(parseDuration(text)).toBe(durationMs))

  it.each(['', 'd', '0d', '-1d', '1.5h', '1y', '999999d', ' 7d'])('takes no %j', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })
})

describe('parseMoment', () => {
  it.each([
    ['2026-11-22', 'UTC', '2026-11-22T00:00Z'],
    ['2026-11-22', 'Europe/Berlin', '2026-11-21T23:00Z'],
    ['2026-07-01', 'Europe/Berlin', '2026-06-30T22:00Z'],
    ['2026-11-22T10:30', 'Asia/Kolkata', '2026-11-22T05:00Z'],
    ['2026-11-22T10:30Z', 'Asia/Kolkata', '2026-11-22T10:30Z'],
    ['2026-11-22T10:30:15.5+02:00', 'UTC', '2026-11-22T08:30:15.500Z'],
    // Clocks go back at 3:00 and forward at 2:00 of these days.
    ['2026-10-26', 'Europe/Berlin', '2026-10-25T23:00Z'],
    ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00Z'],
    ['2026-03-30', 'Europe/Berlin', '2026-03-29T22:00Z'],
  ])('reads %s in %s', (text, timeZone, expected) => expect(parseMoment(text, timeZone)).toBe(at(expected)))

  it.each([
    ...['', 'now', '2026-13-01', '1969-12-31', '2100-01-01', '20261122', '2026-11-22T25:00Z'],
    // No days, though the last days of their months are shorter by less than a week.
    ...['2026-02-29', '2026-02-30', '2026-04-31', '2026-02-30T10:00', '2026-04-31T10:00Z'],
    ...['2026-06-31T10:00:15.5+02:00', '2026-11-00', '2026-11-32'],
  ])('takes no %j', (text) => expect(parseMoment(text, 'UTC')).toBeUndefined())

  it('takes the day that only a leap year has', () => {
    expect(parseMoment('2028-02-29T12:00', 'UTC')).toBe(at('2028-02-29T12:00Z'))
  })
})

describe('parseTimeZone', () => {
  it.each([
    ['UTC', 'UTC'],
    ['Europe/Berlin', 'Europe/Berlin'],
    ['europe/berlin', 'Europe/Berlin'],
    ['America/Argentina/Buenos_Aires', 'America/Buenos_Aires'],
  ])('takes %s', (text, zone) => expect([zone, text]).toContain(parseTimeZone(text)))

  it.each(['', 'Mars/Olympus', '+02:00', "UTC'", 'Europe/Berlin; DROP', '../etc/passwd'])(
    'takes no %j',
    (text) => {
      expect(parseTimeZone(text)).toBeUndefined()
    },
  )
})

describe('buckets', () => {
  it('of days are days of the time zone, also where one has 25 hours', () => {
    const [from, to] = [at('2026-10-24T22:00Z'), at('2026-10-26T23:00Z')]
    expect(listBuckets(from, to, 'day', 'Europe/Berlin', 9)).toEqual(['2026-10-25', '2026-10-26'])
    expect(bucketStart(at('2026-10-25T22:30Z'), 'day', 'Europe/Berlin')).toBe(from)
  })

  it('of weeks begin on Monday, of months on the first', () => {
    const [from, to] = [at('2026-10-31T12:00Z'), at('2026-11-10T00:00Z')]
    expect(listBuckets(from, to, 'week', 'UTC', 9)).toEqual(['2026-10-26', '2026-11-02', '2026-11-09'])
    expect(listBuckets(from, to, 'month', 'UTC', 9)).toEqual(['2026-10-01', '2026-11-01'])
  })

  it('of hours begin with those of the time zone', () => {
    const [from, to] = [at('2026-11-22T10:45Z'), at('2026-11-22T12:00Z')]
    expect(listBuckets(from, to, 'hour', 'Asia/Kolkata', 9)).toEqual([
      '2026-11-22T10:30:00Z',
      '2026-11-22T11:30:00Z',
    ])
    expect(listBuckets(from, to, 'hour', 'UTC', 9)).toEqual(['2026-11-22T10:00:00Z', '2026-11-22T11:00:00Z'])
  })

  it('are listed up to one more than the most', () => {
    expect(listBuckets(0, at('2026-01-01'), 'minute', 'UTC', 3)).toHaveLength(4)
  })

  it.each([
    ['1h', 'minute'],
    ['24h', 'hour'],
    ['7d', 'day'],
    ['200d', 'week'],
    ['999d', 'month'],
  ])('of %s are by default one %s', (text, interval) => {
    expect(defaultInterval(parseDuration(text) ?? 0)).toBe(interval)
  })
})

describe('hasWholeHours', () => {
  const [from, to] = [at('2026-01-01'), at('2026-12-31')]
  it.each([
    ['UTC', true],
    ['Europe/Berlin', true],
    ['Asia/Kolkata', false],
    ['Australia/Lord_Howe', false],
  ])('of %s is %s', (zone, expected) => expect(hasWholeHours(from, to, zone)).toBe(expected))

  it('follows from the offset', () => {
    expect(zoneOffset(from, 'Asia/Kolkata')).toBe(5.5 * 3_600_000)
  })
})
