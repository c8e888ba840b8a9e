import { render } from '@millrace/schemas/sql'
import { describe, expect, it } from 'vitest'
import type { Ask } from './ask.ts'
import {
  type BooksFacts,
  evaluateBooks,
  evaluateGaps,
  type GapFacts,
  judgeBooks,
  judgeGaps,
} from './books.ts'
import { decideTransitions } from './transitions.ts'

const NOW = Date.parse('2026-11-22T10:20:00Z')
const NINE = Date.parse('2026-11-22T09:00:00Z')

const NONE: BooksFacts = { missing: 0, missingSince: 0, stuck: 0, stuckSince: 0, spilled: 0, dead: 0 }

/** ClickHouse as a function of the statement; the job of the ledger is that far behind. */
function fake(row: object, lag: number | undefined = 30_000) {
  const statements: { text: string; values: unknown[] }[] = []
  const ask = (async (statement) => {
    const { text, parameters } = render(statement)
    statements.push({ text, values: Object.values(parameters) })
    if (text.includes("job = 'ledger'")) return lag === undefined ? [] : [{ lag }]
    return [row]
  }) as Ask
  return { ask, statements }
}

describe('judgeBooks', () => {
  const limit = { above: 0, olderThan: '30m' }
  it.each<[string, Partial<BooksFacts>, { above: number; olderThan: string }, 'ok' | 'firing', number]>([
    ['nothing is missing or stuck', {}, limit, 'ok', 0],
    ['one is missing', { missing: 1, missingSince: NINE }, limit, 'firing', 1],
    ['one is stuck', { stuck: 1, stuckSince: NINE }, limit, 'firing', 1],
    ['as many are stuck as may be', { stuck: 5, stuckSince: NINE }, { ...limit, above: 5 }, 'ok', 5],
    ['one more is stuck', { stuck: 6, stuckSince: NINE }, { ...limit, above: 5 }, 'firing', 6],
    ['one is missing, and few are stuck', { missing: 1, stuck: 5 }, { ...limit, above: 5 }, 'firing', 1],
  ])('%s', (_what, facts, limits, state, value) => {
    expect(judgeBooks({ ...NONE, ...facts }, limits)).toMatchObject({ state, value })
  })

  it('says how many, since when, where, and which command shows more', () => {
    const facts = {
      ...NONE,
      missing: 3,
      missingSince: NINE,
      stuck: 210,
      stuckSince: NINE,
      spilled: 200,
      dead: 10,
    }
    expect(judgeBooks(facts, limit).message).toBe(
      '3 events that we acknowledged are missing, since the hour of 2026-11-22 09:00 UTC, and nothing explains it: see millrace books --by hour. ' +
        '210 events received since the hour of 2026-11-22 09:00 UTC are still on their way (200 in the spill: see millrace spill list, 10 in dead letters: see millrace dead list); the limit is 0 after 30 min',
    )
  })
})

describe('evaluateBooks', () => {
  it('asks of the seven days that the ledger looks back, and of what is stuck only hours that ended long enough ago', async () => {
    const { ask, statements } = fake(NONE)
    const monitor = { name: 'm', kind: 'books', olderThan: '30m' } as const
    expect(await evaluateBooks(monitor, { ask, now: NOW })).toMatchObject({ state: 'ok' })
    const { text, values } = statements.at(-1) ?? { text: '', values: [] }
    expect(text).toContain('FROM ledger WHERE source = {source:String}')
    // An hour of 08:00 ended at 09:00; half an hour later than that it may be judged.
    expect(values).toEqual(expect.arrayContaining(['2026-11-22 08:50:00.000', '2026-11-15 10:00:00.000']))
  })

  it.each([
    [undefined, 'the job that keeps the books never ran'],
    [6 * 60_000, 'the job that keeps the books is 6 min behind'],
  ])('is unknown when the job is %j behind', async (lag, message) => {
    const { ask } = lag === undefined ? fakeWithoutJob() : fake({ ...NONE, missing: 1 }, lag)
    const monitor = { name: 'm', kind: 'books' } as const
    expect(await evaluateBooks(monitor, { ask, now: NOW })).toEqual({
      state: 'unknown',
      message,
      value: null,
    })
  })
})

function fakeWithoutJob() {
  return { ask: (async () => []) as Ask }
}

describe('a monitor of the books', () => {
  it('fires once while an event stays missing, whatever else comes, and recovers once', async () => {
    const monitor = { name: 'm', kind: 'books' } as const
    const firing = new Set<string>()
    const told: string[] = []
    const minutes = [
      NONE,
      { ...NONE, missing: 1 },
      { ...NONE, missing: 1 },
      { ...NONE, missing: 2 },
      NONE,
      NONE,
    ]
    for (const facts of minutes) {
      const finding = await evaluateBooks(monitor, { ask: fake(facts).ask, now: NOW })
      const base = { name: 'm', source: 'shop', kind: 'books' as const, at: NOW, keys: [] }
      const { fired, recovered } = decideTransitions(firing, { ...base, ...finding })
      told.push(
        ...fired.map(({ message }) => `fired: ${message.slice(0, 7)}`),
        ...recovered.map(() => 'recovered'),
      )
      for (const { key } of fired) firing.add(key)
      for (const key of recovered) firing.delete(key)
    }
    expect(told).toEqual(['fired: 1 event', 'recovered'])
  })
})

describe('judgeGaps', () => {
  const some: GapFacts = { missing: 7, streams: 2, worst: 's1', first: 3, last: 9, came: 93 }
  it.each<
    [
      string,
      Partial<GapFacts>,
      { above?: number; aboveShare?: number; min?: number },
      'ok' | 'firing',
      number,
    ]
  >([
    ['more than the limit', {}, { above: 6 }, 'firing', 7],
    ['the limit', {}, { above: 7 }, 'ok', 7],
    ['nothing', { missing: 0, streams: 0 }, { above: 0 }, 'ok', 0],
    ['a larger share', {}, { aboveShare: 0.06 }, 'firing', 0.07],
    ['the same share', {}, { aboveShare: 0.07 }, 'ok', 0.07],
    ['a large share of few', { came: 3 }, { aboveShare: 0.1 }, 'ok', 0.7],
    ['a large share of few that suffice', { came: 3 }, { aboveShare: 0.1, min: 10 }, 'firing', 0.7],
    ['a share of nothing', { missing: 0, came: 0 }, { aboveShare: 0 }, 'ok', 0],
  ])('%s', (_what, facts, monitor, state, value) => {
    expect(judgeGaps({ ...some, ...facts }, monitor, 'then')).toMatchObject({ state, value })
  })

  it('says how many, of which stream most, and which command shows more', () => {
    expect(judgeGaps(some, { above: 0 }, 'from A to B').message).toBe(
      '7 events of 2 streams heard last from A to B never came, and no client declared them, most of stream s1, which begins to lack 3 to 9: see millrace books --gaps; the limit is 0',
    )
    expect(judgeGaps(some, { aboveShare: 0.01 }, 'then').message).toContain(
      '7 events (7 % of 100) of 2 streams',
    )
  })
})

describe('evaluateGaps', () => {
  const row = { missing: '2', streams: '1', worst: 's1', first: 3, last: 4, came: '18' }
  it('asks for streams that are silent, and for what came only where a share is judged', async () => {
    const count = fake(row)
    const monitor = { name: 'm', kind: 'gaps', above: 1, window: '1h' } as const
    expect(await evaluateGaps(monitor, { ask: count.ask, now: NOW })).toMatchObject({
      state: 'firing',
      value: 2,
    })
    expect(count.statements).toHaveLength(2)
    const { values } = count.statements.at(-1) ?? { values: [] }
    expect(values).toEqual(expect.arrayContaining(['2026-11-22 09:04:00.000', '2026-11-22 10:04:00.000']))
    const share = fake(row)
    const ofShare = { name: 'm', kind: 'gaps', aboveShare: 0.05 } as const
    expect(await evaluateGaps(ofShare, { ask: share.ask, now: NOW })).toMatchObject({
      state: 'firing',
      value: 0.1,
    })
    expect(share.statements).toHaveLength(3)
  })

  it('is unknown when the job is behind', async () => {
    const { ask } = fake(row, 600_000)
    const monitor = { name: 'm', kind: 'gaps', above: 0 } as const
    expect(await evaluateGaps(monitor, { ask, now: NOW })).toMatchObject({ state: 'unknown' })
  })
})
