/** Hostile bodies and events, each beside good ones: what becomes of it, and the laws that hold for all. */

import { describe, expect, it } from 'vitest'
import { HOSTILE_BODIES } from './bad-input-bodies.ts'
import { batchText, goodEvent } from './bad-input-cases.ts'
import { HOSTILE_EVENTS } from './bad-input-events.ts'
import { exchange, findFaults, findOutcomeFaults } from './bad-input-laws.ts'
import { BATCH_FIELD_CASES, ELEMENT_CASES, EVENT_FIELD_CASES } from './bad-input-values.ts'
import { createCollector } from './fakes.ts'

describe('an event between two good ones', () => {
  it.each([...EVENT_FIELD_CASES, ...ELEMENT_CASES, ...HOSTILE_EVENTS])(
    'of which %s harms neither',
    async (_what, text, outcome) => {
      const body = batchText([goodEvent('good-0'), text, goodEvent('good-2')])
      const seen = await exchange(createCollector(), { body })
      expect(findFaults(seen, { count: 3, goodIds: ['good-0', 'good-2'] })).toEqual([])
      expect(findOutcomeFaults(seen, outcome, [1])).toEqual([])
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
    expect(findOutcomeFaults(seen, outcome, [0])).toEqual([])
  })
})

describe('a body', () => {
  it.each(HOSTILE_BODIES)(
    'that is $what is answered',
    async ({ makeBody, headers = {}, outcome, count = 1 }) => {
      const seen = await exchange(createCollector(), { body: await makeBody(), headers })
      const goodIds = outcome === 'stored' && count > 0 ? ['good-0'] : []
      expect(findFaults(seen, { count, goodIds })).toEqual([])
      const indexes = Array.from({ length: count }, (_, index) => index)
      expect(findOutcomeFaults(seen, outcome, indexes)).toEqual([])
    },
  )
})
