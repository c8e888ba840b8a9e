/** All kinds of questions, by their names. */

import type { QuestionType } from './question.ts'
import { books } from './questions/books.ts'
import { freshness } from './questions/freshness.ts'
import { funnel } from './questions/funnel.ts'
import { live } from './questions/live.ts'
import { paths } from './questions/paths.ts'
import { people } from './questions/people.ts'
import { retention } from './questions/retention.ts'
import { sessions } from './questions/sessions.ts'
import { timeseries } from './questions/timeseries.ts'
import { breakdown, top } from './questions/top.ts'

/** In the order they are listed. */
export const QUESTIONS = {
  timeseries,
  top,
  breakdown,
  funnel,
  retention,
  paths,
  sessions,
  people,
  live,
  freshness,
  books,
} as const satisfies Record<string, QuestionType>

/** The name of a kind of question. */
export type QuestionName = keyof typeof QUESTIONS

/** All names, in order. */
export const QUESTION_NAMES = Object.keys(QUESTIONS) as readonly QuestionName[]
