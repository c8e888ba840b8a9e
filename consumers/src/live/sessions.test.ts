import { resolveWindow } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import { createRandom } from './ground-truth.ts'
import { compileWindow } from './plan.ts'
import {
  addSession,
  belongTogether,
  createSession,
  decodeSession,
  encodeSession,
  type Session,
} from './sessions.ts'

const GAP = 60_000
const WINDOW = compileWindow(
  resolveWindow({
    name: 'visits',
    by: ['visitor_id'],
    window: { kind: 'session', gap: '1m' },
    measures: { sum: { kind: 'sum', of: 'properties.n' } },
  }),
)

function sessionOf(start: number, last = start, events = 1): Session {
  return { ...createSession(WINDOW, ['v'], start), last, events }
}

const shape = (sessions: readonly Session[]) =>
  sessions.map(({ start, last, events }) => [start, last, events]).sort(([a = 0], [b = 0]) => a - b)

/** By plain sorting. */
function oracle(times: readonly number[]): number[][] {
  const found: number[][] = []
  for (const time of [...times].sort((a, b) => a - b)) {
    const last = found.at(-1)
    if (last === undefined || time - (last[1] as number) >= GAP) found.push([time, time, 1])
    else {
      last[1] = time
      last[2] = (last[2] as number) + 1
    }
  }
  return found
}

describe('sessions', () => {
  it.each([
    [[0, 0], [GAP - 1, GAP - 1], true],
    [[0, 0], [GAP, GAP], false],
    [[0, 10], [GAP + 9, GAP + 9], true],
    [[0, 10], [GAP + 10, GAP + 10], false],
    [[0, 10 * GAP], [GAP, GAP], true],
  ])('%j and %j are one: %s', ([a, b], [c, d], expected) => {
    const [one, two] = [sessionOf(a as number, b), sessionOf(c as number, d)]
    expect([belongTogether(one, two, GAP), belongTogether(two, one, GAP)]).toEqual([expected, expected])
  })

  it('become one when an event comes between them', () => {
    const sessions = [sessionOf(100_000), sessionOf(0)]
    const { session, absorbed } = addSession(WINDOW, sessions, sessionOf(50_000))
    expect([shape([session]), shape(absorbed), shape(sessions)]).toEqual([
      [[0, 100_000, 3]],
      [[100_000, 100_000, 1]],
      [[0, 100_000, 3]],
    ])
  })

  it('stay apart when the gap is exactly as long', () => {
    const sessions = [sessionOf(0)]
    addSession(WINDOW, sessions, sessionOf(GAP))
    expect(shape(sessions)).toEqual([
      [0, 0, 1],
      [GAP, GAP, 1],
    ])
  })

  it('are those of an oracle in any order and cut', () => {
    const random = createRandom(21)
    for (let round = 0; round < 200; round++) {
      const times = Array.from(
        { length: 1 + Math.floor(random() * 40) },
        () => Math.floor(random() * 30) * 20_000 + Math.floor(random() * 3) - 1,
      )
      const expected = oracle(times)
      const sessions: Session[] = []
      while (times.length > 0) {
        // A batch is made sessions first, and those are added then.
        const batch: Session[] = []
        for (const time of times.splice(0, 1 + Math.floor(random() * 6)))
          addSession(WINDOW, batch, sessionOf(time))
        for (const part of batch)
          addSession(WINDOW, sessions, decodeSession(WINDOW, encodeSession(WINDOW, part)))
      }
      expect(shape(sessions)).toEqual(expected)
    }
  })
})
