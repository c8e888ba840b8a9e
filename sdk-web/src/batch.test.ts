import { MAX_EVENT_BYTES, type WireBatch } from '@millrace/schemas/wire'
import { describe, expect, test } from 'vitest'
import { createBatchFormer, TARGET_BATCH_BYTES } from './batch.ts'
import { createFakeStorage } from './fakes.ts'
import { createQueue, type QueuedEvent } from './queue.ts'
import { createStore } from './store.ts'
import { createStreamEndNote } from './stream-end.ts'

const SENT_AT_MS = Date.UTC(2026, 0, 1, 12)

function setUp({ storage = createFakeStorage(), stream = 'streamA' } = {}) {
  const dropped: string[] = []
  const queue = createQueue(10_000, 100_000_000)
  const form = createBatchFormer({
    queue,
    stream,
    writeKey: 'key',
    referrer: 'https://from.example/',
    context: () => ({ locale: 'de' }),
    note: createStreamEndNote(
      createStore(() => storage),
      'key',
      stream,
    ),
    onDropped: (reason) => dropped.push(reason),
  })
  const push = (event: string, more: Partial<QueuedEvent> = {}) =>
    queue.push({
      fields: { type: 'track', event, anonymousId: 'anon', userId: undefined },
      timestamp: '2026-01-01T11:59:59.000Z',
      href: 'https://shop.example/list?page=2',
      title: 'List',
      units: 100,
      ...more,
    })
  return { dropped, queue, form, push, storage }
}

function wire(batch: ReturnType<ReturnType<typeof setUp>['form']>): WireBatch {
  return JSON.parse(batch?.body(SENT_AT_MS) ?? 'null')
}

describe('batch', () => {
  test('has all that the wire asks for', () => {
    const { form, push } = setUp()
    push('A')
    push('B', { href: 'https://shop.example/cart', title: 'Cart' })
    const page = {
      path: '/list',
      referrer: 'https://from.example/',
      search: '?page=2',
      title: 'List',
      url: 'https://shop.example/list?page=2',
    }
    const cart = { ...page, path: '/cart', search: '', title: 'Cart', url: 'https://shop.example/cart' }
    const event = { type: 'track', anonymousId: 'anon', timestamp: '2026-01-01T11:59:59.000Z' }
    expect(wire(form(TARGET_BATCH_BYTES))).toEqual({
      writeKey: 'key',
      batchId: 'streamA.1',
      stream: 'streamA',
      firstSeq: 1,
      context: { locale: 'de', page },
      batch: [
        { ...event, event: 'A' },
        { ...event, event: 'B', context: { page: cart } },
      ],
      sentAt: '2026-01-01T12:00:00.000Z',
    })
  })

  test('keeps its text but for the time of sending', () => {
    const { form, push } = setUp()
    push('A')
    const batch = form(TARGET_BATCH_BYTES)
    push('B')
    form(TARGET_BATCH_BYTES)
    const [first, second] = [batch?.body(0), batch?.body(SENT_AT_MS)]
    expect(first).not.toBe(second)
    expect(first?.replace('1970-01-01T00', '2026-01-01T12')).toBe(second)
  })

  test('numbers events without a gap over batches, whatever is left out', () => {
    const { form, push, dropped } = setUp()
    const tooLarge = {
      fields: { type: 'track', event: 'huge', properties: { text: 'ö'.repeat(16_000) } },
    } as const
    push('A')
    push('huge', tooLarge)
    push('B')
    const first = wire(form(TARGET_BATCH_BYTES))
    push('huge', tooLarge)
    expect(form(TARGET_BATCH_BYTES)).toBeUndefined()
    push('C')
    const second = wire(form(TARGET_BATCH_BYTES))
    expect([first.firstSeq, first.batch.map(({ event }) => event)]).toEqual([1, ['A', 'B']])
    expect([second.firstSeq, second.batch.map(({ event }) => event)]).toEqual([3, ['C']])
    expect(dropped).toEqual(['event_too_large', 'event_too_large'])
  })

  test('is cut at the bytes it may have, which it tells', () => {
    const { form, push, queue } = setUp()
    for (let i = 0; i < 500; i++) push(`Event ${i} ü`)
    let total = 0
    while (queue.count() > 0) {
      const batch = form(TARGET_BATCH_BYTES)
      const realBytes = new TextEncoder().encode(batch?.body(SENT_AT_MS)).length
      expect(realBytes).toBeLessThanOrEqual(batch?.bytes ?? 0)
      expect(realBytes).toBeGreaterThan((batch?.bytes ?? 0) - 60)
      expect(batch?.bytes).toBeLessThanOrEqual(TARGET_BATCH_BYTES)
      total += batch?.count ?? 0
    }
    expect(total).toBe(500)
  })

  test('of one event just under the limit fits', () => {
    const { form, push } = setUp()
    push('large', { fields: { type: 'track', event: 'large', properties: { text: 'x'.repeat(31_000) } } })
    const { batch } = wire(form(TARGET_BATCH_BYTES))
    expect(JSON.stringify(batch[0]).length).toBeGreaterThan(31_000)
    expect(JSON.stringify(batch[0]).length).toBeLessThan(MAX_EVENT_BYTES)
  })

  test('takes no number when not even one event fits', () => {
    const { form, push, queue } = setUp()
    push('A')
    expect(form(100)).toBeUndefined()
    expect(queue.count()).toBe(1)
    expect(wire(form(TARGET_BATCH_BYTES)).firstSeq).toBe(1)
  })

  test('gives page views the page as properties, under those of the caller', () => {
    const { form, push } = setUp()
    push('', { fields: { type: 'page', name: 'List', properties: { title: 'Mine', sort: 'price' } } })
    expect(wire(form(TARGET_BATCH_BYTES)).batch[0]?.properties).toEqual({
      path: '/list',
      referrer: 'https://from.example/',
      search: '?page=2',
      title: 'Mine',
      url: 'https://shop.example/list?page=2',
      sort: 'price',
    })
  })

  test('names the end of the stream before it, in the first batch only', () => {
    const before = setUp({ stream: 'streamA' })
    for (const name of ['A', 'B']) before.push(name)
    before.form(TARGET_BATCH_BYTES)
    const after = setUp({ stream: 'streamB', storage: before.storage })
    after.push('C')
    expect(after.form(10)).toBeUndefined()
    expect(wire(after.form(TARGET_BATCH_BYTES)).previous).toEqual({ stream: 'streamA', lastSeq: 2 })
    after.push('D')
    expect(wire(after.form(TARGET_BATCH_BYTES)).previous).toBeUndefined()
  })

  test('names the end of the page in between when its page comes back from the cache', () => {
    const cached = setUp({ stream: 'streamA' })
    cached.push('A')
    cached.form(TARGET_BATCH_BYTES)
    const between = setUp({ stream: 'streamB', storage: cached.storage })
    between.push('B')
    between.form(TARGET_BATCH_BYTES)
    cached.push('C')
    expect(wire(cached.form(TARGET_BATCH_BYTES))).toMatchObject({
      firstSeq: 2,
      previous: { stream: 'streamB', lastSeq: 1 },
    })
  })
})
