/** What no question can do: read another source, or become a part of the SQL. The journey asks the same of the real engine. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAnswer } from './answer.ts'
import { createFakeWarehouse, EXAMPLES } from './fakes.ts'
import { parseQuestion } from './parse-question.ts'
import { questionArbitrary } from './question-arbitraries.ts'
import { QUESTION_NAMES, type QuestionName } from './questions.ts'
import type { ReadRequest } from './reader.ts'

const NOW = Date.parse('2026-11-22T10:07:30Z')

/** A table, and what has to stand behind it. `freshness` and `ledger_runs` have nothing of any source. */
const READS = /\b(?:FROM|JOIN)\s+([a-z_]\w*)(?: FINAL)?\s*(WHERE source = \{source:String\})?/g

const SCOPED = [
  'events_resolved',
  'sessions',
  'rollup_minute',
  'rollup_hour',
  'rollup_hour_fields',
  'ledger',
  'delivery_gaps',
  'quarantine',
  'omitted',
  'lake_reconciliations',
  'live_differences',
  'live_windows',
]

async function statementsOf(name: QuestionName, input: Record<string, unknown>): Promise<ReadRequest[]> {
  const warehouse = createFakeWarehouse(({ text }) =>
    text.includes('person_id, min(timestamp)') ? [['p', '', '', 0, 0, [], 0, 1]] : [],
  )
  const answer = createAnswer({ run: warehouse.run, database: 'millrace', now: () => NOW, log: () => {} })
  const question = parseQuestion(name, input, NOW)
  if (question.ok) await answer(question, { source: 'shop', isLimited: false, waitUntil: () => {} })
  return warehouse.requests
}

describe('every statement', () => {
  const inputs: [QuestionName, Record<string, unknown>][] = [
    ...QUESTION_NAMES.map((name): [QuestionName, Record<string, unknown>] => [name, EXAMPLES[name] ?? {}]),
    ['timeseries', { using: 'rollups', from: '30d', by: 'event' }],
    ['top', { using: 'rollups', field: 'country', events: ['page'] }],
    ['timeseries', { metric: 'sum', of: 'measures.revenue', events: ['x'] }],
    ['people', { person: 'p' }],
    ['people', {}],
    ['sessions', {}],
    ['sessions', { list: true }],
  ]
  it.each(inputs)('of %s %j reads rows of the source alone', async (name, input) => {
    const statements = await statementsOf(name, input)
    expect(statements.length).toBeGreaterThan(0)
    for (const { text, parameters, settings } of statements) {
      const reads = [...text.matchAll(READS)]
      expect(reads.length).toBeGreaterThan(0)
      for (const [, table, scope] of reads) {
        if (table !== 'freshness' && table !== 'ledger_runs')
          expect([table, scope]).toEqual([expect.toBeOneOf(SCOPED), expect.any(String)])
      }
      expect(parameters['source']).toBe('shop')
      expect(settings['additional_table_filters']).toContain("'source = \\'shop\\''")
    }
  })
})

describe('a hostile question', () => {
  it('never throws, and nothing of it is in the text of a statement', async () => {
    let sent = 0
    await fc.assert(
      fc.asyncProperty(questionArbitrary, async ({ name, input, needles }) => {
        for (const { text, parameters } of await statementsOf(name, input)) {
          sent += 1
          for (const needle of needles) expect(text).not.toContain(needle)
          expect(parameters['source']).toBe('shop')
          // Words, operators and names of our own; every literal of it is in the code, so no quote is left open.
          expect(text.split("'").length % 2).toBe(1)
        }
      }),
      { numRuns: 1_500 },
    )
    expect(sent).toBeGreaterThan(500)
  })
})
