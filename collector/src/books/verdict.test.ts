import { describe, expect, it } from 'vitest'
import { addUp } from './accounts.ts'
import { type BooksFacts, judgeBooks } from './verdict.ts'

const NOW = Date.parse('2026-11-22T10:07:30Z')
const MINUTE_MS = 60_000

const ACCOUNT = { ...addUp([]), received: 10, accepted: 9, quarantined: 1, stored: 7, inFlight: 2 }

function judge(facts: Partial<BooksFacts> = {}) {
  return judgeBooks({
    total: ACCOUNT,
    upTo: NOW - MINUTE_MS,
    to: NOW,
    now: NOW,
    lake: { equal: 0, waiting: 0, differs: 0 },
    live: { windows: 0, differs: 0 },
    ...facts,
  })
}

describe('judgeBooks', () => {
  it('says yes when all is explained, what is in flight too, and leaves open what was not compared', () => {
    expect(judge()).toEqual({
      ...{ closes: true, ledgerCloses: true, lakeCloses: null, liveCloses: null },
      explained: 1,
    })
  })

  it.each<[string, Partial<BooksFacts>, (boolean | null)[]]>([
    ['an event is missing', { total: { ...ACCOUNT, stored: 6, missing: 1 } }, [false, false, null, null]],
    ['an equation does not come out', { total: { ...ACCOUNT, stored: 6 } }, [false, false, null, null]],
    ['the lake differs', { lake: { equal: 9, waiting: 0, differs: 1 } }, [false, true, false, null]],
    ['live windows differ', { live: { windows: 9, differs: 1 } }, [false, true, null, false]],
    [
      'all was compared, and is the same',
      { lake: { equal: 1, waiting: 1, differs: 0 }, live: { windows: 1, differs: 0 } },
      [true, true, true, true],
    ],
    ['the lake only waits', { lake: { equal: 0, waiting: 1, differs: 0 } }, [true, true, null, null]],
    ['the job never ran', { upTo: undefined }, [null, null, null, null]],
    ['the job is behind', { upTo: NOW - 6 * MINUTE_MS }, [null, null, null, null]],
    [
      'it is behind, and the range was over before',
      { upTo: NOW - 6 * MINUTE_MS, to: NOW - 10 * MINUTE_MS },
      [true, true, null, null],
    ],
    [
      'it is behind, and the lake differs',
      { upTo: undefined, lake: { equal: 0, waiting: 0, differs: 1 } },
      [false, null, false, null],
    ],
    [
      'it is behind, and an event is missing already',
      { upTo: undefined, total: { ...ACCOUNT, stored: 6, missing: 1 } },
      [false, false, null, null],
    ],
  ])('when %s', (_what, facts, expected) => {
    const { closes, ledgerCloses, lakeCloses, liveCloses } = judge(facts)
    expect([closes, ledgerCloses, lakeCloses, liveCloses]).toEqual(expected)
  })

  it('tells the share that is explained, and of nothing none', () => {
    expect(judge({ total: { ...ACCOUNT, stored: 5, missing: 2 } }).explained).toBe(0.8)
    expect(judge({ total: addUp([]) })).toMatchObject({ closes: true, explained: null })
  })
})
