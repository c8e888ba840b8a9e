import { type LiveWindow, resolveWindow } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import { buildRows } from './closed-windows.ts'
import { createRandom } from './ground-truth.ts'
import { compileWindow } from './plan.ts'
import { createSessionTable } from './session-table.ts'
import { createSession, type Session } from './sessions.ts'
import type { WindowTable } from './window-table.ts'

const S = 1_000
const GAP = 60 * S
const WINDOW = compileWindow(
  resolveWindow({
    name: 'visits',
    by: ['visitor_id'],
    window: { kind: 'session', gap: '1m' },
    measures: { events: { kind: 'count' } },
  }),
)

function start(since = 0) {
  let table = createSessionTable(WINDOW, { since, until: Number.MAX_SAFE_INTEGER })
  let stamp = 0
  const saved = new Map<number, string>()
  return {
    table: () => table,
    stamp: () => stamp,
    /** Events of a visitor, each a session of its own as far as its batch knows. */
    add(visitor: string, ...times: number[]) {
      const sessions = new Set<Session>(
        times.map((time) => ({ ...createSession(WINDOW, [visitor], time), events: 1 })),
      )
      stamp += 1
      table.apply({ window: WINDOW, panes: new Map(), sessions }, stamp)
    },
    close(watermark: number) {
      stamp += 1
      table.close(watermark, stamp)
    },
    reload() {
      for (const { place, text } of table.takeUnsaved()) {
        if (text === undefined) saved.delete(place)
        else saved.set(place, text)
      }
      const closings = table.encodeClosings()
      table = createSessionTable(WINDOW, { since, until: Number.MAX_SAFE_INTEGER })
      for (const [place, text] of saved) table.load(place, text, 0)
      table.loadClosings(closings)
    },
    saved,
  }
}

const all = (table: WindowTable) => table.between(0, Number.POSITIVE_INFINITY, 0)
const shape = ({ start, end, state, version, events }: LiveWindow) => [
  start / S,
  end / S,
  state === 'provisional' ? 0 : version,
  events,
]

/** ClickHouse's table, and what `live_windows_latest` shows of it. */
function createWarehouse() {
  const rows = new Map<
    string,
    { version: number; state: string; events: number; start: number; key: string }
  >()
  return {
    take(table: WindowTable, marks: (mark: () => void) => void = (mark) => mark()) {
      for (const item of table.undelivered()) {
        for (const { window_start: start, key, version, state, events } of buildRows('s', item)) {
          const place = `${start} ${key}`
          if ((rows.get(place)?.version ?? 0) <= version)
            rows.set(place, { version, state, events, start, key: key.join() })
        }
        marks(item.markDelivered)
      }
    },
    shown: () =>
      [...rows.values()]
        .filter(({ state }) => state !== 'removed')
        .map(({ start, key, events }) => [key, start / S, events])
        .sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1) || Number(a[1]) - Number(b[1])),
  }
}

describe('session table', () => {
  it('closes a session when nothing came for the gap', () => {
    const { add, close, table } = start()
    add('a', 0, 30 * S)
    close(90 * S - 1)
    expect(all(table()).map(shape)).toEqual([[0, 90, 0, 2]])
    close(90 * S)
    expect(all(table()).map(shape)).toEqual([[0, 90, 1, 2]])
  })

  it('never makes final what began before it was there', () => {
    const { add, close, table } = start(10 * S)
    const gapMs = WINDOW.definition.sizeMs
    add('a', 0)
    // It may have been under way for long.
    add('tail', 10 * S)
    add('b', 10 * S + gapMs)
    close(600 * S + 2 * gapMs)
    expect(
      table()
        .undelivered()
        .map(({ window }) => window.groups[0]?.key),
    ).toEqual([['b']])
  })

  it('tells ClickHouse that a session is part of another one now', () => {
    const { add, close, table } = start()
    const warehouse = createWarehouse()
    add('a', 0)
    add('a', 100 * S)
    close(300 * S)
    warehouse.take(table())
    expect(warehouse.shown()).toHaveLength(2)
    add('a', 50 * S)
    close(300 * S)
    warehouse.take(table())
    expect(warehouse.shown()).toEqual([['a', 0, 3]])
    expect(table().undelivered()).toEqual([])
  })

  it('tells it too when the session was on its way to ClickHouse when it became part of another one', () => {
    const { add, close, table } = start()
    const warehouse = createWarehouse()
    add('a', 0)
    add('a', 100 * S)
    close(300 * S)
    const marks: (() => void)[] = []
    warehouse.take(table(), (mark) => void marks.push(mark))
    add('a', 50 * S)
    for (const mark of marks) mark()
    close(300 * S)
    warehouse.take(table())
    expect(warehouse.shown()).toEqual([['a', 0, 3]])
  })

  it('tells it too when the session was on its way when it began to begin earlier', () => {
    const { add, close, table } = start()
    const warehouse = createWarehouse()
    add('a', 100 * S)
    close(300 * S)
    const marks: (() => void)[] = []
    warehouse.take(table(), (mark) => void marks.push(mark))
    add('a', 50 * S)
    for (const mark of marks) mark()
    close(300 * S)
    warehouse.take(table())
    expect(warehouse.shown()).toEqual([['a', 50, 2]])
  })

  it('tells it too when the mark did not come before a crash', () => {
    const { add, close, table, reload } = start()
    const warehouse = createWarehouse()
    add('a', 0)
    add('a', 100 * S)
    close(300 * S)
    warehouse.take(table(), () => {})
    reload()
    add('a', 50 * S)
    close(300 * S)
    warehouse.take(table())
    expect(warehouse.shown()).toEqual([['a', 0, 3]])
  })

  it('moves a start that was delivered, and tells watchers of both', () => {
    const { add, close, table, stamp } = start()
    const warehouse = createWarehouse()
    add('a', 100 * S)
    close(300 * S)
    warehouse.take(table())
    const seen = stamp()
    add('a', 70 * S)
    expect(table().removedSince(seen)).toEqual([{ name: 'visits', start: 100 * S, key: ['a'] }])
    expect(table().changedSince(seen, 0, 0).map(shape)).toEqual([[70, 160, 0, 2]])
    close(300 * S)
    warehouse.take(table())
    expect(warehouse.shown()).toEqual([['a', 70, 2]])
  })

  it('tells nobody of sessions within one batch that became one', () => {
    const { add, table } = start()
    add('a', 0, 100 * S, 50 * S)
    expect(
      table()
        .removedSince(0)
        .map(({ start }) => start),
    ).toEqual([100 * S])
    expect(table().undelivered()).toEqual([])
  })

  it('forgets sessions, and what it has to say of those that are gone', () => {
    const { add, close, table, reload, saved } = start()
    add('a', 0)
    add('a', 100 * S)
    close(300 * S)
    for (const { markDelivered } of table().undelivered()) markDelivered()
    add('a', 50 * S)
    close(300 * S)
    table().forget(1_000 * S, 0)
    expect(all(table())).toHaveLength(1)
    for (const { markDelivered } of table().undelivered()) markDelivered()
    table().forget(1_000 * S, 0)
    expect([table().isEmpty(), table().encodeClosings()]).toEqual([true, '[]'])
    reload()
    expect([all(table()), [...saved.values()].filter((text) => text !== '[]')]).toEqual([[], []])
  })

  it('counts events of visitors that are too many, and stays so after a restart', () => {
    const { add, close, table, reload } = start()
    for (let i = 0; i < 10_000; i++) add(`v${i}`, 0)
    add('one more', 0, GAP)
    add('v5', 1)
    const before = all(table()).slice(-3).map(shape)
    expect(before).toContainEqual([60, 120, 0, 1])
    expect(all(table()).reduce((sum, { events }) => sum + events, 0)).toBe(10_003)
    reload()
    expect(all(table()).slice(-3).map(shape)).toEqual(before)
    close(300 * S)
    expect(table().undelivered()).toHaveLength(10_002)
  })

  it('equals an oracle in the end, whatever the order, cuts and restarts', () => {
    const random = createRandom(4)
    for (let round = 0; round < 60; round++) {
      const { add, close, table, reload, stamp } = start()
      const warehouse = createWarehouse()
      const times: Record<string, number[]> = { a: [], b: [], ['"\0\u2028']: [] }
      const shown = new Map<string, LiveWindow>()
      let seen = 0
      let watermark = 0
      const look = () => {
        for (const { start, key } of table().removedSince(seen)) shown.delete(`${start} ${key}`)
        for (const window of table().changedSince(seen, 0, 0))
          shown.set(`${window.start} ${window.groups[0]?.key}`, window)
        seen = stamp()
      }
      for (let step = 0; step < 60; step++) {
        const visitor = Object.keys(times)[Math.floor(random() * 3)] as string
        const at = Array.from(
          { length: 1 + Math.floor(random() * 3) },
          () => Math.floor(random() * 60) * 20 * S,
        )
        add(visitor, ...at)
        times[visitor]?.push(...at)
        if (random() < 0.3) {
          watermark += Math.floor(random() * 100) * S
          close(watermark)
        }
        if (random() < 0.2) warehouse.take(table())
        if (random() < 0.1) warehouse.take(table(), () => {})
        if (random() < 0.3) look()
        if (random() < 0.2) {
          look()
          reload()
          seen = 0
          for (const window of all(table())) shown.set(`${window.start} ${window.groups[0]?.key}`, window)
          seen = stamp()
        }
      }
      close(100_000 * S)
      warehouse.take(table())
      look()
      const expected = Object.entries(times)
        .flatMap(([visitor, some]) => oracle(some).map(([start, , events]) => [visitor, start, events]))
        .sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1) || Number(a[1]) - Number(b[1]))
      const sorted = (rows: unknown[][]) => rows.map((row) => JSON.stringify(row)).sort()
      expect(sorted(warehouse.shown())).toEqual(sorted(expected))
      expect(
        sorted(
          [...shown.values()].map(({ start, events, groups }) => [groups[0]?.key[0], start / S, events]),
        ),
      ).toEqual(sorted(expected))
    }
  })
})

function oracle(times: readonly number[]): [start: number, last: number, events: number][] {
  const found: [number, number, number][] = []
  for (const time of [...times].sort((a, b) => a - b)) {
    const last = found.at(-1)
    if (last === undefined || time / S - last[1] >= GAP / S) found.push([time / S, time / S, 1])
    else {
      last[1] = time / S
      last[2] += 1
    }
  }
  return found
}
