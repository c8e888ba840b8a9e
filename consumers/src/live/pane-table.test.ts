import { resolveWindow, type WindowDefinition } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import { createGroups, createTally, keyText } from './groups.ts'
import { createPaneTable } from './pane-table.ts'
import { compileWindow } from './plan.ts'
import type { WindowTable } from './window-table.ts'

const S = 1_000
const M = 60 * S
const T = 1_700_000_400_000

const COUNT = { count: { kind: 'count' } } as const
const TUMBLING: WindowDefinition = {
  name: 'tumbling',
  by: ['event'],
  window: { kind: 'tumbling', size: '10s' },
  measures: COUNT,
  maxGroups: 3,
}
const SLIDING: WindowDefinition = {
  name: 'sliding',
  by: ['event'],
  window: { kind: 'sliding', size: '5m', every: '1m' },
  measures: COUNT,
  maxGroups: 2,
}

function start(definition: WindowDefinition, since = 0) {
  const window = compileWindow(resolveWindow(definition))
  let table = createPaneTable(window, { since, until: Number.MAX_SAFE_INTEGER })
  let stamp = 0
  const saved = new Map<number, string>()
  return {
    table: () => table,
    stamp: () => stamp,
    /** Events by name at a time after T. */
    add(afterMs: number, counts: Record<string, number>) {
      const groups = createGroups()
      for (const [name, events] of Object.entries(counts))
        groups.byKey.set(keyText([name]), { key: [name], ...createTally(window), events })
      const { everyMs } = window.definition
      const pane = Math.floor((T + afterMs) / everyMs) * everyMs
      stamp += 1
      table.apply({ window, panes: new Map([[pane, groups]]), sessions: new Set() }, stamp)
    },
    close(afterMs: number) {
      stamp += 1
      table.close(T + afterMs, stamp)
    },
    /** As it is after it was saved, and loaded by another object. */
    reload(floor = 0) {
      for (const { place, text } of table.takeUnsaved()) {
        if (text === undefined) saved.delete(place)
        else saved.set(place, text)
      }
      const closings = table.encodeClosings()
      table = createPaneTable(window, { since, until: Number.MAX_SAFE_INTEGER })
      for (const [place, text] of saved) table.load(place, text, floor)
      table.loadClosings(closings)
    },
    saved,
  }
}

const all = (table: WindowTable) => table.between(0, Number.POSITIVE_INFINITY, T + 60 * M)
const told = (table: WindowTable) =>
  all(table).map(({ start, state, version, groups, other }) => [
    (start - T) / S,
    state === 'provisional' ? state : version,
    ...groups.map(({ key, events }) => `${key}:${events}`),
    ...(other === undefined ? [] : [`other:${other.events}`]),
  ])

describe('pane table', () => {
  it('closes a window when the watermark is at its end, not before', () => {
    const { add, close, table } = start(TUMBLING)
    add(0, { a: 1 })
    close(10 * S - 1)
    expect(told(table())).toEqual([[0, 'provisional', 'a:1']])
    expect(table().nextEnd()).toBe(T + 10 * S)
    close(10 * S)
    expect(told(table())).toEqual([[0, 1, 'a:1']])
    expect(table().nextEnd()).toBeUndefined()
  })

  it('puts an event at the bound into the window that begins there', () => {
    const { add, table } = start(TUMBLING)
    add(10 * S, { a: 1 })
    add(10 * S - 1, { b: 1 })
    expect(told(table())).toEqual([
      [0, 'provisional', 'b:1'],
      [10, 'provisional', 'a:1'],
    ])
  })

  it('gives one version for all corrections between two looks', () => {
    const { add, close, table } = start(TUMBLING)
    add(0, { a: 1 })
    close(10 * S)
    add(1, { a: 1 })
    add(2, { b: 1 })
    close(10 * S)
    close(20 * S)
    expect(told(table())).toEqual([[0, 2, 'a:2', 'b:1']])
  })

  it('counts an event in each sliding window that it is in, and no other', () => {
    const { add, table } = start(SLIDING)
    add(0, { a: 1 })
    expect(all(table()).map(({ start }) => (start - T) / M)).toEqual([-4, -3, -2, -1, 0])
  })

  it('never makes final what began before it was there', () => {
    const { add, close, table } = start(SLIDING, T + 1)
    add(0, { a: 1 })
    add(M, { a: 1 })
    close(20 * M)
    expect(told(table()).map(([at, state]) => [at, state])).toEqual([
      ...[-240, -180, -120, -60, 0].map((at) => [at, 'provisional']),
      [60, 1],
    ])
    expect(table().undelivered()).toHaveLength(1)
    expect(table().nextEnd()).toBeUndefined()
  })

  it('forgets what ended, and keeps what is not delivered until the other floor', () => {
    const { add, close, table } = start(TUMBLING)
    add(0, { a: 1 })
    add(10 * S, { a: 2 })
    add(20 * S, { a: 3 })
    close(30 * S)
    table().undelivered()[0]?.markDelivered()
    table().forget(T + 20 * S, T - M)
    expect(told(table()).map(([at]) => at)).toEqual([10, 20])
    table().forget(T + 20 * S, T + 20 * S)
    expect(told(table()).map(([at]) => at)).toEqual([20])
    expect(table().isEmpty()).toBe(false)
    table().forget(T + 30 * S, T + 30 * S)
    expect([told(table()), table().isEmpty(), table().undelivered()]).toEqual([[], true, []])
  })

  it('saves what changed alone, and takes away what is gone', () => {
    const { add, close, table, reload, saved } = start(TUMBLING)
    add(0, { a: 1 })
    add(10 * S, { a: 1 })
    reload()
    expect(saved.size).toBe(2)
    expect(table().takeUnsaved()).toEqual([])
    add(10 * S, { a: 1 })
    expect(
      table()
        .takeUnsaved()
        .map(({ place }) => place),
    ).toEqual([T + 10 * S])
    close(20 * S)
    table()
      .undelivered()
      .forEach(({ markDelivered }) => void markDelivered())
    table().forget(T + 10 * S, T)
    expect(table().takeUnsaved()).toEqual([{ place: T }])
  })

  it('does not take away a pane that is there again', () => {
    const { add, close, table } = start(TUMBLING)
    add(0, { a: 1 })
    close(10 * S)
    table().forget(T + 10 * S, T + 10 * S)
    add(0, { a: 1 })
    expect(
      table()
        .takeUnsaved()
        .map(({ text }) => text === undefined),
    ).toEqual([false])
  })

  it.each([TUMBLING, SLIDING])('is after a restart as it was before: $name', (definition) => {
    const { add, close, table, reload } = start(definition)
    for (let i = 0; i < 40; i++) add(i * 17 * S, { a: 1, b: i % 3, c: 2, d: 1 })
    close(4 * M)
    add(M, { a: 5 })
    table()
      .undelivered()
      .slice(0, 3)
      .forEach(({ markDelivered }) => void markDelivered())
    close(6 * M)
    add(2 * M, { a: 5 })
    const before = [
      all(table()),
      table()
        .undelivered()
        .map(({ window }) => window),
      table().nextEnd(),
    ]
    reload()
    expect([
      all(table()),
      table()
        .undelivered()
        .map(({ window }) => window),
      table().nextEnd(),
    ]).toEqual(before)
  })

  it('does not close anew, after a restart, what was delivered and forgotten', () => {
    const { add, close, table, reload } = start(SLIDING)
    for (let minute = 0; minute < 10; minute++) add(minute * M, { a: 1 })
    close(20 * M)
    for (const { markDelivered } of table().undelivered()) markDelivered()
    table().forget(T + 7 * M, T - M)
    reload(T + 7 * M)
    close(20 * M)
    table().forget(T + 7 * M, T - M)
    // Those that ended before the floor have lost panes: told again, as first version, they would be wrong.
    expect(
      table()
        .undelivered()
        .map(({ window }) => [(window.start - T) / M, window.version, window.events]),
    ).toEqual([])
    expect(all(table()).every(({ end }) => end > T + 7 * M)).toBe(true)
  })

  it('does not close anew what was delivered, when an earlier one is not', () => {
    const { add, close, table, reload } = start(SLIDING)
    for (let minute = 0; minute < 10; minute++) add(minute * M, { a: 1 })
    close(20 * M)
    for (const { window, markDelivered } of table().undelivered()) if (window.start !== T + M) markDelivered()
    table().forget(T + 14 * M, T - M)
    reload(T + 14 * M)
    close(20 * M)
    expect(
      table()
        .undelivered()
        .map(({ window }) => [(window.start - T) / M, window.events]),
    ).toEqual([[1, 5]])
  })

  it('counts a group that had no place in one of several panes as other there', () => {
    const { add, table } = start(SLIDING)
    add(0, { c: 3 })
    add(M, { a: 9, b: 8, c: 7 })
    // In the second pane c had no place.
    const window = all(table()).find(({ start }) => start === T)
    expect(window?.events).toBe(27)
    expect(window?.groups.map(({ key, events }) => [key[0], events])).toEqual([
      ['a', 9],
      ['b', 8],
      ['c', 3],
    ])
    expect(window?.other?.events).toBe(7)
  })

  it('never takes a group out of a window that was final', () => {
    const { add, close, table } = start(SLIDING)
    add(0, { a: 9 })
    add(M, { b: 5, c: 4 })
    close(30 * M)
    const groupsAt = () =>
      all(table())
        .find(({ start }) => start === T)
        ?.groups.map(({ key }) => key[0])
    const before = groupsAt() ?? []
    add(M, { c: 4 })
    close(30 * M)
    // ClickHouse keeps the last version of each group: one that is not told any more would stay, and count twice.
    expect(groupsAt()).toEqual(expect.arrayContaining(before))
  })

  it('tells what changed after a stamp', () => {
    const { add, close, table, stamp } = start(TUMBLING)
    add(0, { a: 1 })
    add(10 * S, { a: 1 })
    const seen = stamp()
    expect(table().changedSince(seen, T + M, T + M)).toEqual([])
    add(10 * S, { a: 1 })
    expect(
      table()
        .changedSince(seen, T + M, T + M)
        .map(({ start }) => (start - T) / S),
    ).toEqual([10])
    const closed = stamp()
    close(10 * S)
    expect(
      table()
        .changedSince(closed, T + M, T + M)
        .map(({ state }) => state),
    ).toEqual(['final'])
  })

  it('shows a sliding window from when it is the one that ends next', () => {
    const { add, table, stamp } = start(SLIDING)
    add(0, { a: 1 })
    const ends = (now: number) =>
      table()
        .between(0, Number.POSITIVE_INFINITY, T + now)
        .map(({ end }) => (end - T) / M)
    expect(ends(30 * S)).toEqual([1])
    expect(ends(M + 30 * S)).toEqual([1, 2])
    expect(
      table()
        .changedSince(stamp(), T + 30 * S, T + M + 30 * S)
        .map(({ end }) => (end - T) / M),
    ).toEqual([2])
  })

  it('marks the version as delivered that was delivered, not the next', () => {
    const { add, close, table } = start(TUMBLING)
    add(0, { a: 1 })
    close(10 * S)
    const [first] = table().undelivered()
    add(0, { a: 1 })
    expect(table().undelivered()).toEqual([])
    close(20 * S)
    first?.markDelivered()
    expect(
      table()
        .undelivered()
        .map(({ window }) => [window.version, window.events]),
    ).toEqual([[2, 2]])
  })
})
