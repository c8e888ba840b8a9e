import { describe, expect, it } from 'vitest'
import { change, definition, group, HEALTH, NOW, snapshot, stateOf, tailEvent, window } from './fixtures.ts'
import {
  applyMessage,
  exampleKey,
  isEmpty,
  isQuiet,
  KEEP_MS,
  type LiveState,
  lacksDefinitions,
  MAX_EVENTS,
  serverNow,
} from './state.ts'

function applied(state: LiveState, more: Parameters<typeof change>[0]): LiveState {
  const next = applyMessage(state, change(more), NOW + 600)
  if (next === undefined) throw new Error('a change of what is known makes a state')
  return next
}

const starts = (state: LiveState, name: string) => state.windows.get(name)?.map(({ start }) => start - NOW)

describe('state', () => {
  it('is not known from a change alone', () => {
    expect(applyMessage(undefined, change(), NOW)).toBeUndefined()
  })

  it('replaces a window of the same name and start, and keeps the others in order', () => {
    const state = stateOf({
      windows: [window('a', NOW - 20_000), window('a', NOW - 10_000), window('b', NOW)],
    })
    const next = applied(state, {
      windows: [window('a', NOW), window('a', NOW - 20_000, { state: 'corrected', version: 2 })],
    })
    expect(starts(next, 'a')).toEqual([-20_000, -10_000, 0])
    expect(next.windows.get('a')?.[0]?.state).toBe('corrected')
    expect(starts(next, 'b')).toEqual([0])
    expect([next.version, next.now, next.watermark, next.heardAt]).toEqual([
      'v2',
      NOW + 500,
      NOW - 3_500,
      NOW + 600,
    ])
  })

  it('tells sessions that begin together apart by their key, and removes those that were joined to others', () => {
    const session = (key: string) => window('visits', NOW, { groups: [group([key], {})] })
    const visits = { ...definition('visits', 0), kind: 'session' as const }
    const state = stateOf({ definitions: [visits], windows: [session('u1'), session('u2')] })
    const more = applied(state, { windows: [session('u3'), session('u1')] })
    const keys = (one: LiveState) => one.windows.get('visits')?.map(({ groups }) => groups[0]?.key[0])
    expect(keys(more)).toEqual(['u1', 'u2', 'u3'])
    const less = applied(more, { removed: [{ name: 'visits', start: NOW, key: ['u2'] }] })
    expect(keys(less)).toEqual(['u1', 'u3'])
  })

  it('lets go of old windows, but not of the last three of a name', () => {
    const old = NOW - KEEP_MS - 100_000
    const windows = [0, 1, 2, 3].map((index) => window('a', old + index * 10_000))
    expect(stateOf({ windows }).windows.get('a')).toHaveLength(3)
    const state = stateOf({
      windows: [...windows, window('a', NOW - 30_000), window('a', NOW - 20_000), window('a', NOW - 10_000)],
    })
    expect(starts(state, 'a')).toEqual([-30_000, -20_000, -10_000])
  })

  it('keeps each event of the stream once, also when a snapshot tells it again', () => {
    const [first, second, third] = ['1', '2', '3'].map((id) => tailEvent(id))
    if (first === undefined || second === undefined || third === undefined) throw new Error('three events')
    const state = applied(stateOf({ events: [first, second] }), { events: [second, third], missed: 7 })
    const again = applyMessage(state, snapshot({ events: [third, tailEvent('4')] }), NOW)
    expect(again?.events.map(({ messageId }) => messageId)).toEqual(['1', '2', '3', '4'])
    expect(again?.missed).toBe(7)
  })

  it('tells a refused event and a copy from the accepted one of the same id', () => {
    const events = [
      tailEvent('1'),
      tailEvent('1', { status: 'duplicate' }),
      tailEvent('1', { status: 'quarantined', index: 3 }),
    ]
    expect(stateOf({ events }).events).toHaveLength(3)
  })

  it('shows no event of another source', () => {
    const state = stateOf({ events: [tailEvent('1')] })
    expect(applyMessage(state, snapshot({ source: 'other' }), NOW)?.events).toEqual([])
  })

  it('keeps the latest events only', () => {
    const events = Array.from({ length: MAX_EVENTS + 20 }, (_, index) => tailEvent(String(index)))
    const kept = stateOf({ events }).events
    expect([kept.length, kept[0]?.messageId]).toEqual([MAX_EVENTS, '20'])
    expect(stateOf({ events }).passed).toBe(MAX_EVENTS + 20)
  })

  it('keeps the last two examples of each reason, when the stream has them no more too', () => {
    const refused = (id: string, reason: string) => tailEvent(id, { status: 'quarantined', reason })
    const first = stateOf({
      events: [refused('1', 'a'), refused('2', 'a'), refused('3', 'a'), refused('4', 'b')],
    })
    const many = Array.from({ length: MAX_EVENTS }, (_, index) => tailEvent(`e${index}`))
    const later = applied(first, { events: many })
    const ids = (state: LiveState, reason: string) =>
      state.examples.get(exampleKey('quarantined', reason))?.map(({ messageId }) => messageId)
    expect([ids(later, 'a'), ids(later, 'b')]).toEqual([['2', '3'], ['4']])
    expect(ids(applied(later, { events: [refused('3', 'a')] }), 'a')).toEqual(['2', '3'])
    expect(stateOf({ source: 'other' }).examples.size).toBe(0)
  })

  it('keeps health and monitors that a change does not tell', () => {
    const state = stateOf({ health: { ...HEALTH, events: 5 } })
    expect(applied(state, {}).health.events).toBe(5)
    expect(applied(state, { health: { ...HEALTH, events: 6 } }).health.events).toBe(6)
  })

  it('goes on with the clock of the server, never back', () => {
    const state = stateOf()
    expect(serverNow(state, state.heardAt + 1_500)).toBe(NOW + 1_500)
    expect(serverNow(state, state.heardAt - 9_000)).toBe(NOW)
  })

  it('is quiet while no window is open', () => {
    const windows = [window('a', NOW - 20_000), window('a', NOW - 10_000, { state: 'corrected' })]
    expect(isQuiet(stateOf({ windows }))).toBe(true)
    expect(
      isQuiet(applied(stateOf({ windows }), { windows: [window('a', NOW, { state: 'provisional' })] })),
    ).toBe(false)
  })

  it('lacks definitions when windows come of which none was told', () => {
    const state = stateOf({ definitions: [definition('a', 10_000)], windows: [window('a', NOW)] })
    expect(lacksDefinitions(state)).toBe(false)
    expect(lacksDefinitions(applied(state, { windows: [window('b', NOW)] }))).toBe(true)
  })

  it('is empty until something was ever received', () => {
    expect(isEmpty(stateOf())).toBe(true)
    expect(isEmpty(stateOf({ health: { ...HEALTH, receivedAt: NOW } }))).toBe(false)
    expect(isEmpty(stateOf({ events: [tailEvent('1', { status: 'quarantined' })] }))).toBe(false)
  })
})
