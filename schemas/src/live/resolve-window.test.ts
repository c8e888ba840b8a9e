import { describe, expect, it } from 'vitest'
import type { WindowDefinition } from './definition.ts'
import { parseDuration, resolveLivePlan, resolveWindow } from './resolve-window.ts'

const OK: WindowDefinition = {
  name: 'w',
  window: { kind: 'tumbling', size: '10s' },
  measures: { n: { kind: 'count' } },
}

describe('duration', () => {
  it.each([
    ['1s', 1_000],
    ['90m', 5_400_000],
    ['1h', 3_600_000],
    ['999999s', 999_999_000],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each([
    '0s',
    '01s',
    '1',
    's',
    '1 s',
    ' 1s',
    '1s\n',
    '1.5m',
    '-1s',
    '1d',
    '1ms',
    '1S',
    '1000000s',
    '',
    60,
    null,
    undefined,
    ['1s'],
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })
})

describe('resolved window', () => {
  it('has every default', () => {
    expect(resolveWindow(OK)).toEqual({
      ...{ name: 'w', title: 'w', where: [], by: [], each: '', kind: 'tumbling' },
      ...{ sizeMs: 10_000, everyMs: 10_000, measures: OK.measures, maxGroups: 100 },
    })
  })

  it('knows how often windows begin', () => {
    const sliding = resolveWindow({ ...OK, window: { kind: 'sliding', size: '2m', every: '10s' } })
    expect([sliding.sizeMs, sliding.everyMs]).toEqual([120_000, 10_000])
    const session = resolveWindow({ ...OK, by: ['visitor_id'], window: { kind: 'session', gap: '30m' } })
    expect([session.sizeMs, session.everyMs]).toEqual([1_800_000, 1_800_000])
  })

  it('is the same as text after it travelled', () => {
    const plan = resolveLivePlan([OK, { ...OK, name: 'v', title: 'é\u2028' }], undefined, 'shop')
    expect(JSON.stringify(JSON.parse(JSON.stringify(plan)))).toBe(JSON.stringify(plan))
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
  })
})

describe('plan of a source', () => {
  const windows = [
    OK,
    { ...OK, name: 'shop_only', sources: ['shop'] },
    { ...OK, name: 'both', sources: ['blog', 'shop'] },
  ]

  it.each([
    ['shop', ['w', 'shop_only', 'both']],
    ['blog', ['w', 'both']],
    ['other', ['w']],
  ])('of %s has %j', (source, names) => {
    expect(resolveLivePlan(windows, undefined, source).windows.map(({ name }) => name)).toEqual(names)
  })

  it('waits and keeps as it is told, or as is usual', () => {
    expect(resolveLivePlan([], undefined, 's')).toMatchObject({ latenessMs: 30_000, retentionMs: 3_600_000 })
    expect(resolveLivePlan([], { allowedLateness: '1m', retention: '2h' }, 's')).toMatchObject({
      ...{ latenessMs: 60_000, retentionMs: 7_200_000 },
    })
  })
})
