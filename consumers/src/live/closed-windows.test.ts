import { ClickHouseError } from '@clickhouse/client-web'
import type { LiveWindow } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import { buildRows, deliverClosed } from './closed-windows.ts'
import type { Undelivered } from './window-table.ts'

const group = (key: string[], events: number, values: object = {}) => ({
  key,
  events,
  values: values as never,
})

const windowOf = (more: Partial<LiveWindow> = {}): LiveWindow => ({
  ...{ name: 'w', start: 0, end: 10, state: 'final', version: 1, events: 1 },
  groups: [group(['a'], 1)],
  ...more,
})

/** Windows with so many groups each, and which of them were marked. */
function undeliveredOf(counts: readonly number[]) {
  const marked: number[] = []
  const items = counts.map(
    (count, index): Undelivered => ({
      window: windowOf({
        start: index,
        groups: Array.from({ length: count }, (_, i) => group([`g${i}`], 1)),
      }),
      markDelivered: () => void marked.push(index),
    }),
  )
  return { items, marked }
}

describe('rows of a closed window', () => {
  it('have each group, and what is in none', () => {
    const rows = buildRows('shop', {
      window: windowOf({
        ...{ state: 'corrected', version: 3 },
        groups: [group(['a', 'b'], 2), group(['', ''], 1)],
        other: { events: 5, values: { n: 5 } },
      }),
      markDelivered: () => {},
    })
    expect(
      rows.map(({ key, is_other, events, version, state }) => [key, is_other, events, version, state]),
    ).toEqual([
      [['a', 'b'], false, 2, 3, 'corrected'],
      [['', ''], false, 1, 3, 'corrected'],
      [[], true, 5, 3, 'corrected'],
    ])
  })

  it('have numbers by name, quantiles by name and rank, and tops apart', () => {
    const values = {
      ...{ n: 1.5, none: null, zero: 0, q: { '0.5': 2, '0.99': null } },
      top: [{ value: 'x', count: 3, error: 1 }],
      empty: [],
    }
    const [row] = buildRows('shop', {
      window: windowOf({ groups: [group([], 1, values)] }),
      markDelivered: () => {},
    })
    expect(row).toMatchObject({
      values: { n: 1.5, zero: 0, 'q.0.5': 2 },
      tops: { top: [{ value: 'x', count: 3, error: 1 }], empty: [] },
    })
    expect(Object.keys(row?.values ?? {})).toHaveLength(3)
  })

  it('say of a session that is part of another one that it is removed', () => {
    const [row] = buildRows('shop', {
      window: windowOf({ state: 'corrected' }),
      isRemoved: true,
      markDelivered: () => {},
    })
    expect(row?.state).toBe('removed')
  })
})

const refuseNone = () => {
  throw new Error('none is refused')
}

describe('delivery of closed windows', () => {
  it('goes on without a window that ClickHouse cannot read', async () => {
    const { items, marked } = undeliveredOf([1, 2, 3, 1, 1])
    const refused: number[] = []
    const insert = async (_: string, rows: readonly object[]) => {
      if ((rows as { window_start: number }[]).some((row) => row.window_start === 2))
        throw new ClickHouseError({
          message: 'at row 3',
          code: '27',
          type: 'CANNOT_PARSE_INPUT_ASSERTION_FAILED',
        })
    }
    expect(await deliverClosed('shop', items, insert, ({ start }) => void refused.push(start))).toBe(false)
    expect([marked.sort(), refused]).toEqual([[0, 1, 3, 4], [2]])
  })

  it('tries none by itself when ClickHouse can take nothing at all', async () => {
    const { items, marked } = undeliveredOf([1, 1])
    let inserts = 0
    const insert = async () => {
      inserts += 1
      throw new ClickHouseError({ message: 'memory', code: '241', type: 'MEMORY_LIMIT_EXCEEDED' })
    }
    await expect(deliverClosed('shop', items, insert, refuseNone)).rejects.toThrow('memory')
    expect([marked, inserts]).toEqual([[], 1])
  })

  it('marks what ClickHouse has, and nothing of an insert that it refused', async () => {
    const { items, marked } = undeliveredOf([15_000, 15_000, 10])
    let inserts = 0
    const insert = async () => {
      inserts += 1
      if (inserts === 2) throw new Error('refused')
    }
    await expect(deliverClosed('shop', items, insert, refuseNone)).rejects.toThrow('refused')
    expect(marked).toEqual([0])
  })

  it('cuts at whole windows, none of which is larger than an insert unless it is alone', async () => {
    const { items, marked } = undeliveredOf([1, 19_999, 1, 25_000, 5])
    const sizes: number[] = []
    const hasMore = await deliverClosed(
      'shop',
      items,
      async (_, rows) => void sizes.push(rows.length),
      refuseNone,
    )
    expect([sizes, marked, hasMore]).toEqual([[20_000, 1, 25_000, 5], [0, 1, 2, 3, 4], false])
  })

  it('leaves the rest for the next time', async () => {
    const { items, marked } = undeliveredOf([60_000, 60_000, 1, 1])
    expect(await deliverClosed('shop', items, async () => {}, refuseNone)).toBe(true)
    expect(marked).toEqual([0, 1])
  })

  it('writes nothing when there is nothing, and marks windows without rows', async () => {
    let inserts = 0
    const insert = async () => {
      inserts += 1
    }
    expect(await deliverClosed('shop', [], insert, refuseNone)).toBe(false)
    const { items, marked } = undeliveredOf([0])
    expect(inserts).toBe(0)
    await deliverClosed('shop', items, insert, refuseNone)
    expect(marked).toEqual([0])
  })

  it('writes the window as it was when the delivery began', async () => {
    const { items } = undeliveredOf([1, 20_000])
    const written: object[][] = []
    await deliverClosed(
      'shop',
      items,
      async (_, rows) => {
        written.push([...rows])
        for (const { window } of items) window.groups.length = 0
      },
      refuseNone,
    )
    expect(written.map((rows) => rows.length)).toEqual([1, 20_000])
  })
})
