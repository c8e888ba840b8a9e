/** Answers a question: from the cache, from who is asking the same just now, or from ClickHouse, within the quota. */

import { sql } from '@millrace/schemas/sql'
import type { RateLimiter } from '../rate-limits.ts'
import { RATE_PERIOD_SECONDS } from '../rate-limits.ts'
import { type RequestRefusal, refusal, refuseForNow } from '../refuse.ts'
import { type AnswerCache, answerKey } from './cache.ts'
import { createCoalesce } from './coalesce.ts'
import { QueryFailure } from './failures.ts'
import type { ParsedQuestion } from './parse-question.ts'
import type { Ask, Freshness } from './question.ts'
import { createAsk, LIMITS, type RunStatement } from './reader.ts'
import { FROM_FRESHNESS } from './relations.ts'

/** What answering needs of the world. */
export interface AnswerEffects {
  run: RunStatement
  /** Database that the statements are run in. */
  database: string
  /** Default: nothing is kept. */
  cache?: AnswerCache | undefined
  /** Counts the questions of a source that reach ClickHouse. Default: no limit. */
  limiter?: RateLimiter | undefined
  /** Our clock, milliseconds since 1970. */
  now: () => number
  log: (record: Record<string, unknown>) => void
}

/** Longest time for which an answer without rows is kept. */
const EMPTY_SECONDS = 10

/** Who asks. */
export interface Asker {
  /** Source of the token. */
  source: string
  /** Whether the quota holds. */
  isLimited: boolean
  /** Lets work outlive the request. */
  waitUntil: (promise: Promise<unknown>) => void
}

/** An answer: its JSON, and whether it was there already. */
export type Answered = { ok: true; json: string; cache: 'hit' | 'shared' | 'miss' } | RequestRefusal

/** A function that answers. Never rejects for what ClickHouse does. */
export function createAnswer(
  effects: AnswerEffects,
): (question: ParsedQuestion, asker: Asker) => Promise<Answered> {
  const coalesce = createCoalesce<Answered>()
  return async (question, asker) => {
    const { ttlSeconds } = question.range
    const key = await answerKey(asker.source, question.echo, ttlSeconds, effects.now())
    const { value, isShared } = await coalesce(key, () => {
      const work = answerOnce(effects, question, asker, key)
      // Others may wait for it when this request has gone.
      asker.waitUntil(work.catch(() => {}))
      return work
    })
    return isShared && value.ok && value.cache === 'miss' ? { ...value, cache: 'shared' } : value
  }
}

async function answerOnce(
  effects: AnswerEffects,
  question: ParsedQuestion,
  { source, isLimited, waitUntil }: Asker,
  key: string,
): Promise<Answered> {
  const { cache, limiter, log, run, database, now } = effects
  const kept = await cache?.find(key)
  if (kept !== undefined) return { ok: true, json: kept, cache: 'hit' }
  if (isLimited && !(await isWithin(limiter, source, log))) {
    const message = `source "${source}" asks more than its limit; the same question may be asked again soon`
    return { ...refusal(429, 'rate_limited', message), retryAfterSeconds: RATE_PERIOD_SECONDS }
  }
  try {
    const answer = await ask(question, createAsk(run, database, source), now())
    const json = JSON.stringify(answer)
    if (cache !== undefined) waitUntil(cache.keep(key, json, secondsToKeep(question, answer)))
    return { ok: true, json, cache: 'miss' }
  } catch (error) {
    if (!(error instanceof QueryFailure)) throw error
    const { kind, message: detail } = error
    log({
      level: kind === 'fault' ? 'error' : 'warn',
      event: 'query_failed',
      question: question.name,
      source,
      kind,
      detail,
    })
    return REFUSALS[kind]
  }
}

/** What is not there yet may be in a moment: history that is being imported, or a roll-up that is behind. */
function secondsToKeep({ range: { ttlSeconds } }: ParsedQuestion, { rows }: { rows?: unknown }): number {
  const isEmpty = Array.isArray(rows) && rows.length === 0
  return isEmpty ? Math.min(ttlSeconds, EMPTY_SECONDS) : ttlSeconds
}

async function ask(
  { type, fields, range, rollupsSince, echo }: ParsedQuestion,
  run: Ask,
  now: number,
): Promise<object> {
  const freshness = readFreshness(run)
  const [found, howFresh] = await Promise.all([
    type.answer({ fields, range, ask: run, freshness, rollupsSince }),
    freshness,
  ])
  return { question: echo, asOf: new Date(now).toISOString(), freshness: howFresh, ...found }
}

async function readFreshness(run: Ask): Promise<Freshness | null> {
  const [row] = await run(sql`SELECT up_to, lag_ms / 1000 ${FROM_FRESHNESS} WHERE job = 'recompute'`)
  return row === undefined ? null : { upTo: String(row[0]), lagSeconds: Number(row[1]) }
}

async function isWithin(
  limiter: RateLimiter | undefined,
  source: string,
  log: AnswerEffects['log'],
): Promise<boolean> {
  if (limiter === undefined) return true
  try {
    return (await limiter.limit({ key: source })).success
  } catch (error) {
    // It protects us, and its trouble is not the reader's.
    log({ level: 'error', event: 'rate_limit_failed', source, error: String(error) })
    return true
  }
}

const REFUSALS: Record<QueryFailure['kind'], RequestRefusal> = {
  too_heavy: refusal(
    422,
    'question_too_heavy',
    `this takes more than ${LIMITS.max_execution_time} seconds, ${LIMITS.max_memory_usage / 1e9} GB of memory, or too many rows; ask of a shorter range (from, to), or with more filters`,
  ),
  too_long: refusal(
    400,
    'invalid_question',
    'the values of this question are too long together; ask with fewer of them',
  ),
  busy: refuseForNow('the warehouse has too much to do just now; ask again'),
  away: refuseForNow('the warehouse does not answer; ask again'),
  fault: refusal(500, 'internal_error', 'something is wrong on our side; the question was not answered'),
}
