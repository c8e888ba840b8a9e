/** What the state gives up when there is too much of it, and what it never gives up. */

import type { WindowDefinition } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import type { PackedId } from './event-ids.ts'
import { planOf } from './live-fakes.ts'
import { createLiveState, type LiveState } from './live-state.ts'

const S = 1_000
const M = 60 * S
const T = 2_500_000_200_000

const COUNTS: WindowDefinition = {
  ...{ name: 'counts', measures: { count: { kind: 'count' } } },
  window: { kind: 'tumbling', size: '10s' },
}

/** So many ids that no other call has. */
function createIds() {
  let next = 0
  return (count: number): PackedId[] =>
    Array.from({ length: count }, () => {
      next += 1
      return { high: next, low: Math.imul(next, 2_654_435_761) >>> 0, bit: 0 }
    })
}

/** A source of which one event a call comes at `at`, with so many ids. */
function start(more: Parameters<typeof planOf>[1] = {}, limits: Parameters<typeof createLiveState>[0] = {}) {
  const state = createLiveState(limits)
  const idsOf = createIds()
  state.usePlan(planOf([COUNTS], { latenessMs: 10 * S, retentionMs: 10 * M, ...more }))
  const apply = (at: number, idCount = 1) => {
    if (state.isTickDue(at)) state.tick(at)
    const [tabled] = [...state.tables().values()]
    if (tabled === undefined) throw new Error('there is no window')
    const groups = { byKey: new Map([['[]', { key: [], events: 1, states: [null] }]]), other: undefined }
    const panes = new Map([[Math.floor(at / (10 * S)) * 10 * S, groups]])
    const facts = { events: 1, late: 0, earliest: at, acceptedUntil: at, quarantined: {}, omitted: {} }
    const windows = [{ window: tabled.window, panes, sessions: new Set<never>() }]
    state.apply(idsOf(idCount), { ...facts, received: [[at, 1]], windows }, at, undefined)
  }
  return { state, apply }
}

const finalOf = (state: LiveState) =>
  state
    .undelivered()
    .map(({ window }) => window.start)
    .sort((a, b) => a - b)

describe('ids beyond what is kept', () => {
  it('go with the windows that they would be needed for, and those were final before', () => {
    // A watermark ten minutes behind: the ids of a minute go while its windows are open.
    const maxIds = 100_000
    const { state, apply } = start({ latenessMs: 10 * M }, { maxIds })
    for (let minute = 0; minute < 9; minute++) {
      apply(T + minute * M, maxIds / 4)
      state.tick(T + minute * M)
    }
    expect(state.ids.size()).toBeLessThanOrEqual(maxIds)
    expect(state.floor()).toBeGreaterThan(T)
    expect(state.progress().watermark).toBeGreaterThanOrEqual(state.floor())
    const lost = Array.from({ length: 9 }, (_, minute) => T + minute * M).filter((at) => at < state.floor())
    expect(lost.length).toBeGreaterThan(0)
    expect(finalOf(state)).toEqual(expect.arrayContaining(lost))
  })

  it('are of a few minutes together where there are few, and of one where there are many', () => {
    const few = start()
    for (let minute = 0; minute < 8; minute++) few.apply(T + minute * M)
    expect(few.state.ids.generations().length).toBe(2)
    const many = start()
    for (let minute = 0; minute < 4; minute++) many.apply(T + minute * M, 300_000)
    expect(many.state.ids.generations().length).toBe(4)
  })

  it('are known as long as a copy could be counted', () => {
    const { state, apply } = start()
    const ids: PackedId[] = [{ high: 1, low: 1, bit: 1 }]
    const none = { events: 1, late: 0, earliest: T, acceptedUntil: T, quarantined: {}, omitted: {} }
    state.apply(ids, { ...none, received: [[T, 1]], windows: [] }, T, undefined)
    for (let at = T; state.floor() <= T; at += 5 * S) {
      expect(state.findKnown(ids)).toEqual([0])
      apply(at)
    }
  })
})

describe('too much state', () => {
  it('gives up the oldest tenth of what waits for ClickHouse, and nothing that can be corrected', () => {
    const { state, apply } = start()
    for (let minute = 0; minute < 100; minute++) apply(T + minute * M)
    state.tick(T + 99 * M)
    const before = finalOf(state)
    const floor = state.floor()
    expect(before[0]).toBeLessThan(floor - 80 * M)
    const shrunk = state.shrink(T + 99 * M)
    const after = finalOf(state)
    expect(shrunk).toEqual({ lost: before.length - after.length })
    expect(shrunk?.lost).toBeGreaterThan(5)
    expect(shrunk?.lost).toBeLessThan(15)
    expect(after).toEqual(before.slice(shrunk?.lost))
    expect(state.floor()).toBe(floor)
  })

  it('gives up a tenth of the past where nothing waits, until there is none', () => {
    const { state, apply } = start()
    for (let minute = 0; minute < 20; minute++) apply(T + minute * M)
    for (const { markDelivered } of state.undelivered()) markDelivered()
    state.tick(T + 19 * M)
    const before = state.floor()
    expect(state.shrink(T + 19 * M)).toEqual({ lost: 0 })
    expect(state.floor() - before).toBe(M)
    let rounds = 0
    while (state.shrink(T + 19 * M) !== undefined && rounds < 1_000) rounds += 1
    expect(rounds).toBeLessThan(100)
    expect(state.floor()).toBeLessThanOrEqual(state.progress().watermark)
  })
})

describe('a source of which nothing comes', () => {
  it('has nothing new to save while only time passes', () => {
    const { state, apply } = start()
    apply(T)
    const changes: number[] = []
    for (let at = T; at < T + 60 * M; at += 10 * S) {
      if (at === T + 30 * M) for (const { markDelivered } of state.undelivered()) markDelivered()
      const before = state.stamp()
      state.tick(at)
      if (state.stamp() > before) changes.push(at)
    }
    // It is final, its ids go, and, when ClickHouse has it, the window itself.
    expect(changes.length).toBe(3)
    expect(changes[0]).toBeLessThan(T + M)
    expect(changes[2]).toBe(T + 30 * M)
  })
})

describe('a window that was final and changes', () => {
  it('is due for its next version though nothing else happens', () => {
    const { state, apply } = start()
    apply(T)
    const closed = T + M
    state.tick(closed)
    for (const { markDelivered } of state.undelivered()) markDelivered()
    expect(state.isCorrectionDue(closed)).toBe(false)

    const [tabled] = [...state.tables().values()]
    if (tabled === undefined) throw new Error('there is no window')
    const groups = { byKey: new Map([['[]', { key: [], events: 1, states: [null] }]]), other: undefined }
    const panes = new Map([[Math.floor(T / (10 * S)) * 10 * S, groups]])
    const facts = { events: 1, late: 1, earliest: T, acceptedUntil: T, quarantined: {}, omitted: {} }
    const windows = [{ window: tabled.window, panes, sessions: new Set<never>() }]
    const id = { high: 9, low: 9, bit: 0 }
    state.apply([id], { ...facts, received: [[closed, 1]], windows }, closed, undefined)
    expect(state.undelivered()).toEqual([])
    expect(state.isCorrectionDue(closed)).toBe(true)
    expect(state.nextDue(closed)).toBeLessThan(closed + M)
    state.tick(closed)
    expect(state.undelivered().map(({ window }) => window.version)).toEqual([2])
    expect(state.isCorrectionDue(closed)).toBe(false)
  })
})

describe('what monitors judge by', () => {
  it('is told since when all was counted, and what is forgotten, each by itself', () => {
    const { state, apply } = start()
    apply(T)
    apply(T + 15 * M)
    state.tick(T + 15 * M)
    expect(state.judged('counts', T + 15 * M)).toMatchObject({
      ...{ since: T, floor: T + 5 * M - 10 * S, watermark: T + 15 * M - 10 * S },
    })
  })
})
