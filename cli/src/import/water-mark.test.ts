import { describe, expect, it } from 'vitest'
import { createBooks, type Outcome } from './books.ts'
import { createWaterMark } from './water-mark.ts'

const EVENT = { kind: 'event' } as const
const BLANK = { kind: 'skipped', rule: 'blank-line' } as const
const DELIVERED: Outcome = { status: 'delivered' }

function open() {
  const books = createBooks({ skipKinds: [{ name: 'blank-line', description: '' }] })
  const mark = createWaterMark(books)
  let line = 0
  const add = (entry: typeof EVENT | typeof BLANK) => {
    line += 1
    return mark.add(entry, { line, start: line * 10, byte: line * 10 + 10, checksum: 0 }, line)
  }
  return { books, mark, add, line: () => mark.mark()?.position.line }
}

describe('the mark', () => {
  it('passes what is settled, whatever the order', () => {
    const { add, line, books } = open()
    const [first, second, third] = [add(EVENT), add(EVENT), add(EVENT)]
    third(DELIVERED)
    expect(line()).toBeUndefined()
    first(DELIVERED)
    expect(line()).toBe(1)
    expect(books.counts()).toMatchObject({ records: 1, events: 1, sent: { accepted: 1 } })
    second({ status: 'quarantined', reason: 'plan_violation' })
    expect(line()).toBe(3)
    expect(books.counts().sent).toMatchObject({ accepted: 2, quarantined: 1 })
  })

  it('passes what is no event with the events before it', () => {
    const { add, line, mark } = open()
    add(BLANK)
    expect(line()).toBe(1)
    const settle = add(EVENT)
    add(BLANK)
    expect([line(), mark.pendingCount()]).toEqual([1, 2])
    settle(DELIVERED)
    expect(mark.mark()).toEqual({ position: expect.objectContaining({ line: 3 }), rejectsBytes: 3 })
  })

  it.each([
    [{ status: 'undelivered' }, undefined],
    [{ status: 'refused', reason: 'refused' }, undefined],
    [{ status: 'refused', reason: 'event_too_large' }, 2],
    [{ status: 'duplicate', reason: 'duplicate' }, 2],
    [{ status: 'filtered', reason: 'bot' }, 2],
  ] as [Outcome, number | undefined][])('with %j is at %s', (outcome, expected) => {
    const { add, line } = open()
    const settle = add(EVENT)
    add(EVENT)(DELIVERED)
    settle(outcome)
    expect(line()).toBe(expected)
  })

  it('stays before what may not be whole', () => {
    const { add, line, mark } = open()
    add(BLANK)
    mark.freeze()
    add(EVENT)(DELIVERED)
    expect(line()).toBe(1)
  })

  it('lets go of what it has passed', () => {
    const { add, mark, line } = open()
    for (let i = 0; i < 5_000; i += 1) add(EVENT)(DELIVERED)
    expect([mark.pendingCount(), line()]).toEqual([0, 5_000])
  })
})
