/** `GET` and `POST /v1/query/:question`: answers questions about the events of the source whose read token is given. */

import { exceedsNesting, MAX_NESTING } from '@millrace/schemas'
import type { Context } from 'hono'
import type { Answered, Asker } from '../query/answer.ts'
import { type ParsedQuestion, parseQuestion, readSearch } from '../query/parse-question.ts'
import type { QuestionName } from '../query/questions.ts'
import { authorizeReader, type Readers, refuseOtherSource } from '../read-token.ts'
import { readJsonBody, waitUntilOf } from '../receive.ts'
import { type RequestRefusal, refusal, refuse, refuseForNow } from '../refuse.ts'

/** What {@link takeQuestion} needs. */
export interface QueryDeps {
  sources: Readers
  now: () => number
  /** Default: there is no warehouse, and every question is answered 503. */
  answer?: ((question: ParsedQuestion, asker: Asker) => Promise<Answered>) | undefined
}

/** Tells whether an answer was there already: `hit`, `shared` with who asked the same just then, or `miss`. */
export const CACHE_HEADER = 'Millrace-Cache'

/** Largest body of a question; a long one has a list of a hundred ids. */
const MAX_QUESTION_BYTES = 64 * 1024

/** Longest query string, in UTF-16 units. */
const MAX_SEARCH_LENGTH = 16 * 1024

/** Answers one question. */
export async function takeQuestion(c: Context, deps: QueryDeps, name: QuestionName): Promise<Response> {
  const authorized = authorizeReader(c.req.raw, deps.sources)
  if (!('name' in authorized)) return refuse(c, authorized)
  const read = await readInput(c)
  if (!read.ok) return refuse(c, read)
  const refused = refuseOtherSource(authorized, read.input['source'], 'the question')
  if (refused !== undefined) return refuse(c, refused)
  const question = parseQuestion(name, read.input, deps.now(), authorized.settings ?? {})
  if (!question.ok) {
    const where = question.path === '' ? 'the question' : question.path
    return refuse(c, refusal(400, 'invalid_question', `${where} ${question.message}`))
  }
  if (deps.answer === undefined) return refuse(c, refuseForNow('this Worker has no warehouse to ask'))
  const answered = await deps.answer(question, {
    source: authorized.name,
    isLimited: authorized.settings?.rateLimits !== false,
    waitUntil: waitUntilOf(c),
  })
  if (!answered.ok) return refuse(c, answered)
  c.header(CACHE_HEADER, answered.cache)
  c.header('Access-Control-Expose-Headers', `Retry-After, ${CACHE_HEADER}`)
  return c.body(answered.json, 200, {
    'Content-Type': 'application/json',
    'Cache-Control': 'private, no-cache',
  })
}

async function readInput(c: Context): Promise<Input> {
  const read = c.req.method === 'POST' ? await readQuestionBody(c) : readQueryString(c)
  if (!read.ok || !exceedsNesting(read.input, MAX_NESTING)) return read
  return refusal(400, 'invalid_question', `the question is nested deeper than ${MAX_NESTING} levels`)
}

type Input = { ok: true; input: Record<string, unknown> } | RequestRefusal

function readQueryString(c: Context): Input {
  const { search, searchParams } = new URL(c.req.url)
  if (search.length <= MAX_SEARCH_LENGTH) return { ok: true, input: readSearch(searchParams) }
  return refusal(
    400,
    'invalid_question',
    'the query string is too long; send the question as a body, by POST',
  )
}

async function readQuestionBody(c: Context): Promise<Input> {
  const read = await readJsonBody(c.req.raw, MAX_QUESTION_BYTES)
  if (read.ok) return { ok: true, input: read.body }
  return read.code === 'invalid_batch' ? { ...read, code: 'invalid_question' } : read
}
