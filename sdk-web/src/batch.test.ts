import type { JsonObject, JsonValue, WireBatch, WireEvent } from '@millrace/schemas/wire'
import { MAX_EVENT_BYTES } from '@millrace/schemas/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Batch } from './batch.ts'
import { createBatch, createBatchFormer, encodeBatch, halveBatch, MAX_BATCH_BYTES } from './batch.ts'

const NOW_MS = Date.UTC(2026, 0, 1, 12)

/** What the collector keeps free of an event's 32 KB for what it adds. */
const MARGIN_BYTES = 1_024

function setUp({ previous = () => undefined as WireBatch['previous'] } = {}) {
  const former = createBatchFormer('streamA', 'key', previous, () => NOW_MS)
  const add = (event: string, shared: JsonObject = {}, own?: JsonObject) =>
    former.append({ type: 'track', event }, shared, own)
  return { former, add }
}

function wire({ stored }: Batch): WireBatch {
  return JSON.parse(encodeBatch(stored, NOW_MS))
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}

/** The numbers of a batch's events. */
function numbers({ firstSeq = 0, batch }: WireBatch): number[] {
  return batch.map((_, i) => firstSeq + i)
}

/** The context as the collector merges it; what is null is absent. */
function mergeContexts({ context, batch }: WireBatch): JsonObject[] {
  return batch.map((event) => leaveOutNull({ ...context, ...event.context }))
}

function leaveOutNull(context: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(context).filter(([, value]) => value !== null))
}

describe('batch', () => {
  test('has all that the wire asks for', () => {
    const { former, add } = setUp({ previous: () => ({ stream: 'before', lastSeq: 7 }) })
    const page = { url: 'https://shop.example/' }
    expect(add('A', { locale: 'de', page })).toBe('streamA-1')
    expect(add('B', { locale: 'de', page: { url: 'https://shop.example/cart' } })).toBe('streamA-2')
    const [batch, ...others] = former.take()
    expect(others).toEqual([])
    expect(wire(batch as Batch)).toEqual({
      writeKey: 'key',
      stream: 'streamA',
      previous: { stream: 'before', lastSeq: 7 },
      context: { locale: 'de', page },
      batchId: 'streamA.1',
      firstSeq: 1,
      batch: [
        { type: 'track', event: 'A' },
        { type: 'track', event: 'B', context: { page: { url: 'https://shop.example/cart' } } },
      ],
      sentAt: '2026-01-01T12:00:00.000Z',
    })
    expect(batch?.stored[0]).toBe('streamA-1')
    expect(batch?.stored[3]).toBe(NOW_MS)
    expect(former.tip()).toEqual({ stream: 'streamA', lastSeq: 2 })
  })

  test('keeps its text but for the time of sending, whatever comes after', () => {
    const { former, add } = setUp()
    add('A')
    const [batch] = former.take() as [Batch]
    const first = encodeBatch(batch.stored, 0)
    add('B')
    former.take()
    expect(encodeBatch(structuredClone(batch.stored), NOW_MS)).toBe(
      first.replace('1970-01-01T00', '2026-01-01T12'),
    )
  })

  test('gives each event its own context back, whatever contexts follow each other', () => {
    const key = fc.oneof(fc.constantFrom('page', 'session', 'a', ''), fc.string())
    // Names that every object has are a case of their own.
    const context = fc.dictionary(
      key.filter((name) => !(name in {})),
      fc.jsonValue(),
    ) as fc.Arbitrary<JsonObject>
    const own = fc.option(context, { nil: undefined })
    fc.assert(
      fc.property(fc.array(fc.tuple(context, own), { minLength: 1 }), (contexts) => {
        const { former, add } = setUp()
        contexts.forEach(([shared, ours], i) => void add(`E${i}`, shared, ours))
        const given = contexts.map(([shared, ours]) => leaveOutNull({ ...shared, ...ours }))
        const arrived = former.take().flatMap((batch) => mergeContexts(wire(batch)))
        expect(arrived).toEqual(JSON.parse(JSON.stringify(given)))
      }),
    )
  })

  test.each(['toString', 'constructor', 'valueOf'])('gives a context named %s to its event only', (name) => {
    const { former, add } = setUp()
    const contexts: JsonObject[] = [{ [name]: 'of the first' }, {}, { [name]: 'of the third' }]
    for (const context of contexts) add('A', context)
    expect(former.take().flatMap((batch) => mergeContexts(wire(batch)))).toEqual(contexts)
  })

  test('shares what events have in common', () => {
    const { former, add } = setUp()
    const shared = { page: { url: 'https://shop.example/'.padEnd(500, 'x') } }
    for (let i = 0; i < 100; i++) add('A', i % 2 ? shared : structuredClone(shared))
    const [batch] = former.take() as [Batch]
    expect(batch.stored[2].every((text) => text === '{"type":"track","event":"A"}')).toBe(true)
  })

  test('is formed anew for what comes after it was taken', () => {
    const { former, add } = setUp()
    add('A')
    expect(former.take()).toHaveLength(1)
    expect(former.take()).toEqual([])
    add('B')
    expect(former.take().map((batch) => numbers(wire(batch)))).toEqual([[2]])
  })
})

describe('numbers', () => {
  /** Texts of lengths around which something is decided: small, near half a batch, too large. */
  const length = fc.oneof(
    fc.nat(200),
    fc.integer({ min: 29_000, max: 32_000 }),
    fc.constantFrom(10_000, 60_000),
  )
  const step = fc.record({ length, isWide: fc.boolean(), isLast: fc.boolean(), place: fc.nat(2) })

  test('have no gap, and no batch is too large, whatever comes and whenever it is taken', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { former, add } = setUp()
        const ids: string[] = []
        const batches: Batch[] = []
        for (const { length, isWide, isLast, place } of steps) {
          const id = add((isWide ? 'ö' : 'x').repeat(length), { page: { place } })
          if (id) ids.push(id)
          if (isLast) batches.push(...former.take())
        }
        batches.push(...former.take())
        const all = batches.flatMap((batch) => numbers(wire(batch)))
        expect(all).toEqual(ids.map((_, i) => i + 1))
        expect(ids).toEqual(all.map((number) => `streamA-${number}`))
        expect(former.tip().lastSeq).toBe(ids.length)
        for (const { bytes, stored } of batches) {
          const realBytes = byteLength(encodeBatch(stored, NOW_MS))
          expect(realBytes).toBeLessThanOrEqual(bytes)
          expect(realBytes).toBeGreaterThan(bytes - 60)
          expect(bytes).toBeLessThanOrEqual(MAX_BATCH_BYTES)
          expect(stored[0]).toBe(`streamA-${wire({ stored, bytes }).firstSeq}`)
        }
      }),
    )
  })

  test('are given to the largest event that the collector takes, and to none beyond', () => {
    const shared = { page: { url: 'https://shop.example/'.padEnd(2_000, 'x') } }
    const bytes = (batch: WireBatch) =>
      byteLength(JSON.stringify(batch.batch[0])) + byteLength(JSON.stringify(batch.context))
    let [fits, isTooLarge] = [0, MAX_EVENT_BYTES]
    while (isTooLarge - fits > 1) {
      const middle = (fits + isTooLarge) >> 1
      if (setUp().add('x'.repeat(middle), shared)) fits = middle
      else isTooLarge = middle
    }
    const { former, add } = setUp()
    add('A', {})
    expect(add('x'.repeat(fits), shared)).toBe('streamA-2')
    expect(add('x'.repeat(isTooLarge), shared)).toBeUndefined()
    const largest = wire(former.take()[1] as Batch)
    expect(bytes(largest)).toBeLessThanOrEqual(MAX_EVENT_BYTES - MARGIN_BYTES)
    expect(bytes(largest)).toBeGreaterThan(MAX_EVENT_BYTES - MARGIN_BYTES - 150)
  })

  test('are given to no event whose context alone is too large', () => {
    const { former, add } = setUp()
    const huge = { page: { url: 'x'.repeat(32_000) } }
    expect([add('A'), add('B', huge), add('C', {}, huge), add('D')]).toEqual([
      'streamA-1',
      undefined,
      undefined,
      'streamA-2',
    ])
    expect(former.take().map((batch) => numbers(wire(batch)))).toEqual([[1], [2]])
  })

  test('are given to no event that is not JSON, and those after it lie in a batch', () => {
    const { former, add } = setUp()
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    const addCircular = () =>
      former.append({ type: 'track', properties: circular as JsonObject }, {}, undefined)
    expect(addCircular).toThrow(TypeError)
    expect(add('A')).toBe('streamA-1')
    expect(addCircular).toThrow(TypeError)
    expect(add('B')).toBe('streamA-2')
    expect(former.take().flatMap((batch) => numbers(wire(batch)))).toEqual([1, 2])
  })
})

describe('halves', () => {
  const events = fc.array(fc.string({ unit: 'grapheme' }), { minLength: 2, maxLength: 60 })

  /** Halves a batch until each has one event. */
  function halveAll(batch: Batch): Batch[] {
    return batch.stored[2].length < 2 ? [batch] : halveBatch(batch.stored).flatMap(halveAll)
  }
  function eventsOf(batches: Batch[]): [number | undefined, WireEvent][] {
    return batches.map(wire).flatMap((each) => numbers(each).map((n, i) => [n, each.batch[i] as WireEvent]))
  }

  test('keep numbers, order, contexts and time', () => {
    fc.assert(
      fc.property(events, fc.dictionary(fc.string(), fc.jsonValue()), (names, context) => {
        const { former, add } = setUp({ previous: () => ({ stream: 'before', lastSeq: 7 }) })
        for (const name of names) add(name, context as { [key: string]: JsonValue })
        const [whole] = former.take() as [Batch]
        for (const parts of [halveBatch(whole.stored), halveAll(whole)]) {
          expect(eventsOf(parts)).toEqual(eventsOf([whole]))
          for (const part of parts) {
            const { firstSeq, batchId, stream, writeKey, context } = wire(part)
            const { context: given } = wire(whole)
            expect({ stream, writeKey, context }).toEqual({
              stream: 'streamA',
              writeKey: 'key',
              context: given,
            })
            expect([batchId, part.stored[0]]).toEqual([`streamA.${firstSeq}`, `streamA-${firstSeq}`])
            expect(part.stored[3]).toBe(whole.stored[3])
            expect(part).toEqual(createBatch(part.stored))
          }
        }
      }),
    )
  })

  test('are about as large as each other, the first under the key of the whole', () => {
    const { former, add } = setUp()
    for (let i = 0; i < 501; i++) add('A')
    const [whole] = former.take() as [Batch]
    const halves = halveBatch(whole.stored)
    expect(halves.map(({ stored }) => [stored[0], stored[2].length])).toEqual([
      ['streamA-1', 250],
      ['streamA-251', 251],
    ])
  })
})
