import { describe, expect, it } from 'vitest'
import { cutByEvents, cutByTime } from './cut.ts'
import { minuteKey, type SourceMinute } from './minutes.ts'

const placesOf = (source: string, minutes: readonly number[]): SourceMinute[] =>
  minutes.map((minute) => ({ source, minute: minute * 60 }))

const countUp = (count: number) => Array.from({ length: count }, (_, index) => index)

describe('statements of a run', () => {
  it('lie within an hour each, in order of time', () => {
    const chunks = cutByTime(placesOf('s', [70, 3, 59, 0, 60]))
    expect(chunks.map((chunk) => chunk.map(({ minute }) => minute / 60))).toEqual([
      [0, 3, 59],
      [60, 70],
    ])
  })

  it('have an address that servers take, however long names are', () => {
    const name = 'a'.repeat(64)
    const chunks = cutByTime(placesOf(name, countUp(60)))
    for (const chunk of chunks) {
      // Places, spilled, dead, each with a minute; a quote is three characters in an address.
      const characters = chunk.length * 3 * (name.length + 10 + 15)
      expect(characters).toBeLessThan(8_000)
    }
    expect(chunks.flat()).toHaveLength(60)
    expect(cutByTime(placesOf('s', countUp(60)))).toHaveLength(1)
  })

  it('have only so many events, unless one minute has more', () => {
    const places = placesOf('s', [0, 1, 2, 3])
    const events = new Map(
      places.map((place, index) => [minuteKey(place), [200_000, 40_000, 900_000, 0][index] ?? 0]),
    )
    expect(cutByEvents(places, events).map((chunk) => chunk.map(({ minute }) => minute / 60))).toEqual([
      [0, 1],
      [2],
      [3],
    ])
  })
})
