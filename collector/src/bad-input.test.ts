/** Hostile bodies and events, each beside good ones: what becomes of it, and the laws that hold for all. */

import type { Receipt } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { HOSTILE_BODIES } from './bad-input-bodies.ts'
import { batchText, goodEvent, isErrorCode, type Outcome, STATUS_OF } from './bad-input-cases.ts'
import { HOSTILE_EVENTS } from './bad-input-events.ts'
import { type Exchange, exchange, findFaults, readReceipts } from './bad-input-laws.ts'
import { BATCH_FIELD_CASES, ELEMENT_CASES, EVENT_FIELD_CASES } from './bad-input-values.ts'
import { createCollector } from './fakes.ts'

/** Expects what an outcome means for a request whose elements at `indexes` it concerns. */
function expectOutcome(seen: Exchange, outcome: Outcome, indexes: readonly number[]): void {
  if (isErrorCode(outcome)) {
    expect(seen.status).toBe(STATUS_OF[outcome])
    expect(JSON.parse(seen.text)).toMatchObject({ code: outcome })
    return
  }
  expect(seen.status, seen.text).toBe(200)
  const expected = outcome === 'stored' ? [] : indexes.map((index) => ({ index, reason: outcome }))
  expect(pick(readReceipts(seen.text))).toEqual(expected)
}

function pick(receipts: Receipt[]) {
  return receipts.map(({ index, reason }) => ({ index, reason }))
}

describe('an event between two good ones', () => {
  it.each([...EVENT_FIELD_CASES, ...ELEMENT_CASES, ...HOSTILE_EVENTS])(
    'of which %s harms neither',
    async (_what, text, outcome) => {
      const body = batchText([goodEvent('good-0'), text, goodEvent('good-2')])
      const seen = await exchange(createCollector(), { body })
      expect(findFaults(seen, { count: 3, goodIds: ['good-0', 'good-2'] })).toEqual([])
      expectOutcome(seen, outcome, [1])
    },
  )

  it.each([...ELEMENT_CASES, ...HOSTILE_EVENTS])(
    'sent alone to the route of its type, of which %s, is answered',
    async (_what, body) => {
      const seen = await exchange(createCollector(), { path: '/v1/track?writeKey=wk', body })
      expect(findFaults(seen, { count: 1, goodIds: [] })).toEqual([])
    },
  )
})

describe('a batch', () => {
  it.each(BATCH_FIELD_CASES)('whose %s is answered, and loses no event', async (_what, body, outcome) => {
    const seen = await exchange(createCollector(), { body })
    expect(findFaults(seen, { count: 1, goodIds: ['good-0'] })).toEqual([])
    expectOutcome(seen, outcome, [0])
  })
})

describe('a body', () => {
  it.each(HOSTILE_BODIES)(
    'that is $what is answered',
    async ({ makeBody, headers = {}, outcome, count = 1 }) => {
      const seen = await exchange(createCollector(), { body: await makeBody(), headers })
      const goodIds = outcome === 'stored' && count > 0 ? ['good-0'] : []
      expect(findFaults(seen, { count, goodIds })).toEqual([])
      expectOutcome(
        seen,
        outcome,
        Array.from({ length: count }, (_, index) => index),
      )
    },
  )
})
