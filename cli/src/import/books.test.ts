import { expect, it } from 'vitest'
import { createBooks, emptyCounts } from './books.ts'
import type { ImportRecord, Verdict } from './format.ts'

const KINDS = { skipKinds: [{ name: 'blank-line', description: '' }] }

function recordOf(line: number, verdict: Verdict, text = 'x'): ImportRecord {
  const bytes = Buffer.from(text)
  const last = { number: line, start: 0, end: 0, bytes, isTooLong: false, hasEnd: true }
  return { line, bytes, last, isWhole: true, verdict }
}

it('books keep every record under one heading, and samples of the first five that are malformed', () => {
  const books = createBooks(KINDS)
  const verdicts: Verdict[] = [
    { kind: 'event', event: { type: 'page', fields: { messageId: 'm', timestamp: '' } } },
    { kind: 'skipped', rule: 'blank-line' },
    ...Array.from(
      { length: 7 },
      () => ({ kind: 'malformed', reason: 'not JSON', detail: 'x\u001b' }) as const,
    ),
  ]
  for (const [index, verdict] of verdicts.entries()) {
    books.add(books.entryOf(recordOf(index + 1, verdict, 'é'.repeat(500))))
  }
  const { records, events, skipped, malformed } = books.counts()
  expect([records, events, skipped]).toEqual([9, 1, { 'blank-line': 1 }])
  expect([malformed.count, malformed.reasons]).toEqual([7, { 'not JSON': 7 }])
  expect(malformed.samples.map(({ line }) => line)).toEqual([3, 4, 5, 6, 7])
  expect(malformed.samples[0]).toMatchObject({ detail: 'x\\u{1b}', text: `${'é'.repeat(160)}…` })
})

it('books go on from earlier ones and leave those as they are', () => {
  const earlier = emptyCounts()
  const books = createBooks(KINDS, earlier)
  books.add({ kind: 'event' })
  books.settle({ status: 'quarantined', reason: 'plan_violation' })
  books.settle({ status: 'undelivered' })
  expect(books.counts().sent).toMatchObject({
    quarantined: 1,
    dropped: 1,
    remarks: { 'quarantined: plan_violation': 1, 'dropped: undelivered': 1 },
  })
  expect(createBooks(KINDS, books.counts()).counts()).toEqual(books.counts())
  expect(earlier).toEqual(emptyCounts())
})
