import type { GroupValues, LiveWindow, ThresholdMonitor } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import { evaluateThreshold, evaluateThresholds, groupKeyText } from './threshold.ts'

const MINUTE = 60_000
const T = 1_795_330_800_000

const group = (key: string[], revenue: number | null, more: GroupValues['values'] = {}): GroupValues => ({
  key,
  events: 1,
  values: { revenue, ...more },
})

/** A window of a minute; `ago` is how many windows before the last final one. */
const window = (ago: number, groups: GroupValues[], more: Partial<LiveWindow> = {}): LiveWindow => ({
  name: 'revenue',
  start: T - (ago + 1) * MINUTE,
  end: T - ago * MINUTE,
  state: 'final',
  version: 1,
  events: groups.length,
  groups,
  ...more,
})

const judge = (
  monitor: Partial<ThresholdMonitor>,
  windows: LiveWindow[],
  { since = 0, floor = 0, watermark = T + 30_000 } = {},
) =>
  evaluateThreshold(
    { name: 'm', kind: 'threshold', window: 'revenue', measure: 'revenue', ...monitor },
    { source: 'shop', windows, watermark, everyMs: MINUTE, sizeMs: MINUTE, since, floor },
  )

describe('evaluateThreshold', () => {
  it.each<[string, Partial<ThresholdMonitor>, number | null, 'ok' | 'firing']>([
    ['above', { above: 10 }, 10.01, 'firing'],
    ['exactly at the limit above', { above: 10 }, 10, 'ok'],
    ['below', { below: 10 }, 9.99, 'firing'],
    ['exactly at the limit below', { below: 10 }, 10, 'ok'],
    ['nothing measured, above', { above: 0 }, null, 'ok'],
    ['nothing measured, below', { below: 10 }, null, 'ok'],
  ])('%s', (_what, monitor, value, state) => {
    expect(judge(monitor, [window(0, [group([], value)])])).toMatchObject({
      state,
      value,
      at: T,
      keys: [],
    })
  })

  it('is of the time of the window, so that whoever judges it again says the same', () => {
    expect(judge({ above: 1 }, [], { watermark: T + MINUTE - 1 }).at).toBe(T)
    expect(judge({ above: 1 }, [], { watermark: T + MINUTE }).at).toBe(T + MINUTE)
    expect(judge({ above: 1 }, [], { since: T }).at).toBe(T)
  })

  it('reads the last window that the watermark has passed, and no other', () => {
    const windows = [window(-1, [group([], 1)]), window(0, [group([], 2)]), window(1, [group([], 3)])]
    expect(judge({ above: 0 }, windows).value).toBe(2)
    expect(judge({ above: 0 }, windows, { watermark: T - 1 }).value).toBe(3)
    expect(judge({ above: 0 }, windows, { watermark: T + MINUTE }).value).toBe(1)
    expect(judge({ above: 0 }, [window(0, [group([], 9)], { name: 'other' })]).state).toBe('ok')
  })

  it('counts a window without events as 0', () => {
    expect(judge({ below: 1 }, [])).toMatchObject({ state: 'firing', value: 0 })
    expect(judge({ above: 0 }, [])).toMatchObject({ state: 'ok', value: 0 })
  })

  it('holds for as many windows as it says', () => {
    const low = (ago: number) => window(ago, [group([], 1)])
    expect(judge({ below: 2, forWindows: 3 }, [low(0), low(1), low(2)]).state).toBe('firing')
    expect(judge({ below: 2, forWindows: 3 }, [low(0), low(2)]).state).toBe('firing')
    expect(judge({ below: 2, forWindows: 3 }, [low(0), window(1, [group([], 2)]), low(2)]).state).toBe('ok')
  })

  it('knows nothing of windows that began before counting did', () => {
    expect(judge({ below: 1 }, [], { since: T - MINUTE }).state).toBe('firing')
    expect(judge({ below: 1 }, [], { since: T - MINUTE + 1 }).state).toBe('unknown')
    expect(judge({ below: 1, forWindows: 2 }, [], { since: T - MINUTE }).state).toBe('unknown')
  })

  it('knows windows that end after what is forgotten, and no other', () => {
    expect(judge({ below: 1 }, [], { floor: T - 1 }).state).toBe('firing')
    expect(judge({ below: 1, forWindows: 3 }, [], { floor: T - 2 * MINUTE - 1 }).state).toBe('firing')
    expect(judge({ below: 1, forWindows: 3 }, [], { floor: T - 2 * MINUTE })).toMatchObject({
      state: 'unknown',
      message: expect.stringContaining('are kept since'),
    })
  })

  it('reads one group where it names one, 0 where that had nothing, and nothing where it may be among the others', () => {
    const groups = [group(['shoes', 'EUR'], 5), group(['shoes', 'USD'], 50)]
    expect(judge({ above: 10, group: ['shoes', 'USD'] }, [window(0, groups)])).toMatchObject({
      state: 'firing',
      value: 50,
      message: expect.stringContaining('revenue of shoes / USD was 50 in the window until'),
    })
    expect(judge({ below: 1, group: ['hats', 'EUR'] }, [window(0, groups)]).state).toBe('firing')
    const other = { events: 3, values: { revenue: 3 } }
    expect(judge({ below: 1, group: ['hats', 'EUR'] }, [window(0, groups, { other })])).toMatchObject({
      state: 'ok',
      value: null,
    })
  })

  it('judges each group where it names none, the highest first', () => {
    const windows = [
      window(0, [group(['a'], 20), group(['b'], 5), group([''], 30), group(['c'], 40)]),
      window(1, [group(['a'], 20), group([''], 30)]),
    ]
    const result = judge({ above: 10, forWindows: 2 }, windows)
    expect(result).toMatchObject({ state: 'firing', value: null })
    expect(result.keys.map(({ key, value }) => [key, value])).toEqual([
      ['[""]', 30],
      ['["a"]', 20],
    ])
    expect(result.keys[0]?.message).toMatch(/^revenue of \(none\) was 30 /)
    expect(judge({ above: 100 }, windows)).toMatchObject({ state: 'ok', keys: [] })
  })

  it('tells groups apart that read the same', () => {
    const long = 'x'.repeat(120)
    const groups = [
      ['a / b', 'c'],
      ['a', 'b / c'],
      [`${long}1`, ''],
      [`${long}2`, ''],
    ].map((key) => group(key, 20))
    const { keys } = judge({ above: 10 }, [window(0, groups)])
    expect(new Set(keys.map(({ key }) => key)).size).toBe(4)
    expect(keys.map(({ key }) => groupKeyText(key))).toEqual([
      'a / b / c',
      'a / b / c',
      `${'x'.repeat(99)}… / (none)`,
      `${'x'.repeat(99)}… / (none)`,
    ])
    expect(groupKeyText('of an older version')).toBe('of an older version')
  })

  it('tells all groups, so that of each it is known whether it recovered', () => {
    const groups = Array.from({ length: 150 }, (_, index) => group([`g${index}`], 20 + index))
    const result = judge({ above: 10 }, [window(0, groups)])
    expect(result.keys).toHaveLength(150)
    expect(result.keys[0]?.key).toBe('["g149"]')
    expect(result).not.toHaveProperty('more')
  })

  it('reads a quantile by its name', () => {
    const groups = [group(['LCP'], 0, { value: { '0.5': 900, '0.95': 2_600 } })]
    expect(judge({ measure: 'value.0.95', group: ['LCP'], above: 2_500 }, [window(0, groups)])).toMatchObject(
      {
        state: 'firing',
        value: 2_600,
      },
    )
    expect(judge({ measure: 'value.0.99', group: ['LCP'], above: 0 }, [window(0, groups)]).state).toBe('ok')
  })
})

describe('evaluateThresholds', () => {
  const monitor = { name: 'm', kind: 'threshold', window: 'revenue', measure: 'revenue', above: 10 } as const
  const states = (judgedUntil: number | undefined, watermark = T + 30_000, floor = 0) =>
    evaluateThresholds(
      monitor,
      {
        source: 'shop',
        windows: [window(2, [group([], 20)]), window(0, [group([], 5)])],
        ...{ watermark, everyMs: MINUTE, sizeMs: MINUTE, since: 0, floor },
      },
      judgedUntil,
    ).map(({ state, value }) => [state, value])

  it('judges each window that became final since, in order, and the last one at least', () => {
    expect(states(T - 3 * MINUTE)).toEqual([
      ['firing', 20],
      ['ok', 0],
      ['ok', 5],
    ])
    expect(states(T - MINUTE + 1)).toEqual([['ok', 5]])
    expect(states(T + 30_000)).toEqual([['ok', 5]])
    expect(states(undefined)).toEqual([['ok', 5]])
    expect(states(0)).toHaveLength(360)
  })

  it('leaves the last one as it was judged when it is forgotten before the next ends', () => {
    expect(states(T + 30_000, T + 50_000, T)).toEqual([])
    expect(states(T - MINUTE, T + 50_000, T)).toEqual([['unknown', null]])
  })
})
