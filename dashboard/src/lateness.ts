/** Says when answers are behind, because the tables that are computed are. Pure. */

import { formatMinute, formatMoment } from './format.ts'
import type { Answer, Question } from './query.ts'

/** What is computed may be behind by so long without a word. */
const LATE_SECONDS = 300

/** Beyond it a clock does not tell which day. */
const SAME_DAY_SECONDS = 12 * 3_600

/** Questions that are about people, whatever they count. */
const OF_PEOPLE: readonly Question['name'][] = ['funnel', 'retention', 'sessions']

/** Up to when answers that are made of computed tables are whole, where that lags behind and they should go further. */
export function describeLateness(
  questions: readonly Question[],
  answers: readonly Answer[],
): string | undefined {
  const late = answers.flatMap(({ freshness, question, readFrom }, index) => {
    if (freshness === null || freshness.lagSeconds <= LATE_SECONDS) return []
    const upTo = Date.parse(freshness.upTo)
    const isWhole = question.to !== undefined && Date.parse(question.to) <= upTo
    return isWhole || !isComputed(questions[index], readFrom)
      ? []
      : [{ upTo, lagSeconds: freshness.lagSeconds }]
  })
  const first = late.sort((a, b) => a.upTo - b.upTo)[0]
  if (first === undefined) return undefined
  const at =
    first.lagSeconds < SAME_DAY_SECONDS ? formatMinute(first.upTo) : formatMoment(first.upTo).slice(0, 16)
  return `computed only up to ${at}`
}

/** Whether an answer knows only what was computed: from computed tables, or whose an event is. */
function isComputed(question: Question | undefined, readFrom: string): boolean {
  // The books say themselves how far they are.
  if (readFrom === 'ledger') return false
  if (readFrom !== 'events') return true
  const { name, fields } = question ?? { name: 'top', fields: [] }
  return OF_PEOPLE.includes(name) || fields.some(([field, value]) => field === 'metric' && value === 'people')
}
