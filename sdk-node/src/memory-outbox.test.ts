import { describe, expect, it } from 'vitest'
import { costOf, createMemoryOutbox } from './memory-outbox.ts'
import type { Batch } from './outbox.ts'

const LIMITS = { maxEvents: 10, maxBytes: 1_000 }

function event(text: string) {
  const json = JSON.stringify(text)
  return { json, bytes: Buffer.byteLength(json) }
}

function open({ maxBytes = 1_000_000, count = 0 } = {}) {
  const outbox = createMemoryOutbox({ stream: 's', maxBytes })
  for (let i = 1; i <= count; i += 1) outbox.add(event(`e${i}`))
  return outbox
}

describe('the outbox in memory', () => {
  it('numbers events without a gap and gives them out in order', () => {
    const outbox = open({ count: 23 })
    const batches: Batch[] = []
    for (let batch = outbox.take(LIMITS, 'all'); batch; batch = outbox.take(LIMITS, 'all'))
      batches.push(batch)
    expect(batches.map(({ firstSeq, events }) => [firstSeq, events.length])).toEqual([
      [1, 10],
      [11, 10],
      [21, 3],
    ])
    expect(batches.flatMap(({ events }) => events)).toEqual(
      Array.from({ length: 23 }, (_, i) => `"e${i + 1}"`),
    )
    expect([outbox.lastSeq(), outbox.newCount(), outbox.newBytes()]).toEqual([23, 0, 0])
  })

  it('stays right over many rounds of adding and taking', () => {
    const outbox = open()
    let next = 1
    for (let round = 0; round < 700; round += 1) {
      for (let i = 0; i < 1 + (round % 17); i += 1) outbox.add(event('e'))
      const batch = outbox.take({ ...LIMITS, maxEvents: 1 + (round % 13) }, 'all') as Batch
      expect(batch.firstSeq).toBe(next)
      next += batch.events.length
      outbox.settle(batch)
    }
    expect(outbox.lastSeq() - outbox.newCount()).toBe(next - 1)
  })

  it('a batch keeps to the limit of bytes, but one event always fits', () => {
    const outbox = open()
    for (const length of [400, 400, 400, 5_000]) outbox.add(event('x'.repeat(length)))
    const sizes = [1, 2, 3].map(() => outbox.take(LIMITS, 'all')?.events.length)
    expect(sizes).toEqual([2, 1, 1])
  })

  it('a batch that was put back comes again as it is, before new ones', () => {
    const outbox = open({ count: 20 })
    const first = outbox.take(LIMITS, 'all') as Batch
    outbox.putBack(first)
    expect(outbox.hasOld()).toBe(true)
    expect(outbox.take(LIMITS, 'old')).toBe(first)
    expect(outbox.take(LIMITS, 'old')).toBeUndefined()
  })

  it('room is what events cost, and is free when their batch is settled', () => {
    const large = event('x'.repeat(30_000))
    const outbox = open({ maxBytes: 131_072 })
    const taken = Array.from({ length: 6 }, () => outbox.add(large))
    expect(taken).toEqual([1, 2, 3, 4, undefined, undefined])
    expect([outbox.hasRoom(), outbox.isHalfFree(), outbox.save()]).toEqual([false, false, false])
    const batch = outbox.take({ ...LIMITS, maxBytes: 1_000_000 }, 'all') as Batch
    expect(outbox.hasRoom()).toBe(false)
    outbox.settle(batch)
    expect([outbox.hasRoom(), outbox.isHalfFree(), outbox.save()]).toEqual([true, true, true])
    expect(outbox.add(large)).toBe(5)
  })

  it.each([
    ['ASCII', 'aaaa', 6 + 100],
    ['a text that takes two bytes a character in the heap', 'a€aa', 12 + 100],
  ])('%s costs its size in the heap', (_, text, cost) => {
    expect(costOf(event(text))).toBe(cost)
  })
})
