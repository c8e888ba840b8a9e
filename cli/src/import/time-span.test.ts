import { expect, it } from 'vitest'
import { createTimeSpan, formatTimeSpan } from './time-span.ts'

it('a span has the earliest and the latest time, in whatever order they come', () => {
  const times = createTimeSpan()
  expect(times.span()).toBeUndefined()
  for (const time of ['2015-05-18T09:00:00.000Z', '2015-05-20T21:05:59.000Z', '2015-05-17T10:05:03.000Z'])
    times.add(time)
  expect(times.span()).toEqual({ earliest: '2015-05-17T10:05:03.000Z', latest: '2015-05-20T21:05:59.000Z' })
})

it('a span of one time begins and ends with it', () => {
  const times = createTimeSpan()
  times.add('2015-05-18T09:00:00.000Z')
  expect(times.span()).toEqual({ earliest: '2015-05-18T09:00:00.000Z', latest: '2015-05-18T09:00:00.000Z' })
})

it('a span is told to the minute', () => {
  const span = { earliest: '2015-05-17T10:05:03.000Z', latest: '2015-05-20T21:05:59.000Z' }
  expect(formatTimeSpan(span)).toBe('2015-05-17 10:05 to 2015-05-20 21:05 UTC')
})
