import { describe, expect, it } from 'vitest'
import { type Beat, type BeatTimes, findAlarms, judgeBeat, missingStages, rowOf } from './beat.ts'

const M = 60_000
const T = Date.UTC(2026, 10, 22, 9)
const OBJECTIVES = { answered: 1_000, live: 2_000, warehouse: 10_000, lake: 900_000 }
const GOOD: BeatTimes = { answered: 50, live: 1_500, warehouse: 3_000, lake: 61_000 }

const beat = (times: Partial<BeatTimes> = {}, sentAt = T): Beat => ({
  ...{ id: `beat-${sentAt}`, sentAt, door: 'inside' },
  times: { ...GOOD, ...times },
})
/** Beats a minute apart, the last one at T. */
const beats = (...times: Partial<BeatTimes>[]) =>
  times.map((more, place) => beat(more, T - (times.length - 1 - place) * M))

describe('a beat', () => {
  it.each([
    ['is ok when all stages had it in time', {}, M, 'ok'],
    ['is late when a stage took longer', { warehouse: 10_001 }, M, 'late'],
    ['is ok at its very objective', { warehouse: 10_000 }, M, 'ok'],
    ['is pending while a stage has time left', { lake: null }, M, 'pending'],
    ['is late when the time is over', { lake: null }, 15 * M + 1, 'late'],
    ['is late when nobody answered, though it got through', { answered: null }, M, 'late'],
    ['is lost after an hour', { lake: null }, 60 * M + 1, 'lost'],
  ] as const)('%s', (_, times, ageMs, state) => {
    expect(judgeBeat(beat(times), OBJECTIVES, T + ageMs)).toBe(state)
  })

  it('is looked for until a day is over', () => {
    const missing = beat({ answered: null, live: null, lake: null })
    expect(missingStages(missing, T + 23 * 60 * M)).toEqual(['live', 'lake'])
    expect(missingStages(missing, T + 24 * 60 * M + 1)).toEqual([])
  })

  it('becomes a row with its objectives', () => {
    expect(rowOf(beat({ lake: null }), OBJECTIVES, T + M, T + M - 500)).toEqual({
      ...{ sent_at: '2026-11-22T09:00:00.000', message_id: `beat-${T}`, door: 'inside', state: 'pending' },
      ...{ answered_ms: 50, live_ms: 1_500, warehouse_ms: 3_000, lake_ms: null },
      ...{ answered_objective_ms: 1_000, live_objective_ms: 2_000 },
      ...{ warehouse_objective_ms: 10_000, lake_objective_ms: 900_000 },
      updated_at: '2026-11-22T09:00:59.500',
    })
  })
})

describe('an alarm', () => {
  const find = (all: Beat[], now = T + M) => findAlarms(all, OBJECTIVES, now)

  it('is when three in a row missed the same stage, since the last good one', () => {
    const late = { warehouse: 12_000 }
    expect(find(beats({}, late, late))).toEqual([])
    expect(find(beats(late, {}, late, late))).toEqual([])
    expect(find(beats({}, late, late, late))).toEqual([{ stage: 'warehouse', since: T - 3 * M }])
    expect(find(beats(late, late, late))).toEqual([{ stage: 'warehouse', since: T - 2 * M }])
    expect(find(beats({}, late, late, late, {}))).toEqual([])
  })

  it('is of one stage: three that missed different ones are none', () => {
    expect(find(beats({ live: 9_000 }, { warehouse: 60_000 }, { answered: null }))).toEqual([])
  })

  it('leaves out what is under way', () => {
    const gone = { live: null, warehouse: null, lake: null }
    const all = beats({}, gone, gone, gone, gone)
    expect(find(all, T + 1_000).map(({ stage }) => stage)).toEqual(['live', 'warehouse'])
    expect(find(all, T - M + 1_000)).toEqual([])
  })
})
