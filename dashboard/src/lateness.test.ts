import { expect, it } from 'vitest'
import { NOW } from './fixtures.ts'
import { formatMinute } from './format.ts'
import { describeLateness } from './lateness.ts'
import type { Answer, Question } from './query.ts'

const UP_TO = NOW - 12 * 60_000
const iso = (time: number) => new Date(time).toISOString()
const LATE = { upTo: iso(UP_TO), lagSeconds: 720 }

const top: Question = { name: 'top', fields: [['metric', 'people']] }

function answer(more: Partial<Answer>): Answer {
  return { question: { to: iso(NOW) }, freshness: LATE, readFrom: 'rollups', ...more }
}

it('what is computed says how far it is when that is minutes ago', () => {
  expect(describeLateness([top], [answer({})])).toBe(`computed only up to ${formatMinute(UP_TO)}`)
  const days = { upTo: iso(NOW - 86_400_000), lagSeconds: 86_400 }
  expect(describeLateness([top, top], [answer({}), answer({ freshness: days })])).toMatch(
    /to 2026-11-21 \d\d:00$/,
  )
})

it.each<[string, Question, Partial<Answer>]>([
  ['is minutes behind only', top, { freshness: { ...LATE, lagSeconds: 300 } }],
  ['is not known', top, { freshness: null }],
  ['is of a range that is whole', top, { question: { to: iso(UP_TO) } }],
  ['is of events as they are', { name: 'breakdown', fields: [['metric', 'sum']] }, { readFrom: 'events' }],
])('nothing is said when it %s', (_, question, more) => {
  expect(describeLateness([question], [answer(more)])).toBeUndefined()
})

it('questions about people depend on it though they read events', () => {
  for (const question of [top, { name: 'funnel', fields: [] } as const])
    expect(describeLateness([question], [answer({ readFrom: 'events' })])).toContain('computed only')
})
