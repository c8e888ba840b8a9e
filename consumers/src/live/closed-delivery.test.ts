import { ClickHouseError } from '@clickhouse/client-web'
import type { LiveWindow } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import { createClosedDelivery } from './closed-delivery.ts'
import type { ClosedWindowRow } from './closed-windows.ts'

const S = 1_000
const M = 60 * S

const windowOf = (start: number): LiveWindow => ({
  ...{ name: 'w', start, end: start + 10, state: 'final', version: 1, events: 1 },
  groups: [{ key: [], events: 1, values: {} }],
})

/** ClickHouse's words quote what it cannot read. */
const unreadable = (text: string) =>
  new ClickHouseError({
    message: `Cannot parse input: expected '"' before: '${text}'`,
    code: '27',
    type: 'CANNOT_PARSE_INPUT_ASSERTION_FAILED',
  })

/** Windows that wait by their starts, a ClickHouse that fails as it is told to, and what was done. */
function start(...starts: number[]) {
  const waiting = new Set(starts)
  const world = {
    ...{ waiting, now: 1_000 * M, inserts: [] as number[][], logs: [] as object[], calls: [] as string[] },
    answer: async (_starts: number[]) => {},
  }
  const delivery = createClosedDelivery({
    source: 'shop',
    undelivered: () =>
      [...waiting].map((at) => ({ window: windowOf(at), markDelivered: () => void waiting.delete(at) })),
    insert: () => async (_, rows) => {
      const inserted = (rows as ClosedWindowRow[]).map(({ window_start }) => window_start)
      world.inserts.push(inserted)
      await world.answer(inserted)
    },
    settle: () => void world.calls.push('settle'),
    save: () => void world.calls.push('save'),
    now: () => world.now,
    log: (record) => void world.logs.push(record),
  })
  return { world, delivery }
}

const down = async () => {
  throw new Error('it does not answer')
}

describe('delivery of closed windows', () => {
  it('settles before and saves after, and is due again a minute later', async () => {
    const { world, delivery } = start(1, 2)
    expect(delivery.isDue()).toBe(true)
    await delivery.deliver()
    expect([world.inserts, world.calls, world.logs]).toEqual([[[1, 2]], ['settle', 'save'], []])
    expect([world.waiting.size, delivery.failingMs(), delivery.isDue()]).toEqual([0, 0, false])
    world.now += M
    expect(delivery.isDue()).toBe(true)
  })

  it('does nothing where nothing waits', async () => {
    const { world, delivery } = start()
    await delivery.deliver()
    expect([world.inserts, world.calls, delivery.isDue()]).toEqual([[], [], true])
  })

  it('is one at a time', async () => {
    const { world, delivery } = start(1)
    const { promise, resolve } = Promise.withResolvers<void>()
    world.answer = () => promise
    const first = delivery.deliver()
    await delivery.deliver()
    resolve()
    await first
    expect(world.inserts).toEqual([[1]])
  })

  it('that fails is due again after half a minute, and fails since the first one', async () => {
    const { world, delivery } = start(1)
    world.answer = down
    await delivery.deliver()
    expect(world.logs).toEqual([
      { level: 'warn', event: 'live_windows_undelivered', source: 'shop', error: 'it does not answer' },
    ])
    expect([delivery.failingMs(), delivery.isDue()]).toEqual([0, false])
    world.now += 30 * S
    expect([delivery.failingMs(), delivery.isDue()]).toEqual([30 * S, true])
    await delivery.deliver()
    world.now += 10 * S
    expect([delivery.failingMs(), world.calls]).toEqual([40 * S, ['settle', 'settle']])
  })

  it('fails no more once one gets through, though others wait', async () => {
    const { world, delivery } = start(1)
    world.answer = down
    await delivery.deliver()
    world.now += M
    world.answer = async () => {}
    await delivery.deliver()
    world.waiting.add(2)
    world.now += M
    expect(delivery.failingMs()).toBe(0)
  })

  it('logs one of the windows that are refused, without what they hold, and fails until none is', async () => {
    const { world, delivery } = start(1, 2, 3)
    world.answer = async (starts) => {
      if (starts.some((at) => at !== 2)) throw unreadable('ada@example.com')
    }
    await delivery.deliver()
    expect([...world.waiting]).toEqual([1, 3])
    const error = '27 CANNOT_PARSE_INPUT_ASSERTION_FAILED: Cannot parse input: expected'
    expect(world.logs).toEqual([
      { level: 'error', event: 'live_window_refused', source: 'shop', name: 'w', start: 1, error },
    ])
    world.now += M
    expect([delivery.failingMs(), delivery.isDue()]).toEqual([M, true])
    await delivery.deliver()
    expect([delivery.failingMs(), world.logs.length]).toEqual([M, 2])
    world.answer = async () => {}
    await delivery.deliver()
    expect([world.waiting.size, delivery.failingMs()]).toEqual([0, 0])
  })

  it('fails no more when what waited is forgotten, and what comes then fails from its own first one', async () => {
    const { world, delivery } = start(1)
    world.answer = down
    await delivery.deliver()
    world.now += 360 * M
    expect(delivery.failingMs()).toBe(360 * M)
    world.waiting.clear()
    expect(delivery.failingMs()).toBe(0)
    await delivery.deliver()
    world.waiting.add(2)
    await delivery.deliver()
    world.now += M
    expect(delivery.failingMs()).toBe(M)
  })

  it('says nothing of ClickHouse that may be data', async () => {
    const { world, delivery } = start(1)
    world.answer = async () => {
      throw new ClickHouseError({ message: `Memory of {'ada'}`, code: '241', type: 'MEMORY_LIMIT_EXCEEDED' })
    }
    await delivery.deliver()
    expect(world.logs).toMatchObject([{ error: '241 MEMORY_LIMIT_EXCEEDED: Memory of' }])
  })

  it('has a next one at once while there is more', async () => {
    const { world, delivery } = start(...Array.from({ length: 100_001 }, (_, index) => index))
    await delivery.deliver()
    expect([world.waiting.size, delivery.isDue()]).toEqual([1, true])
  })
})
