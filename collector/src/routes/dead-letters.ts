/** `GET /v1/dead`, `GET /v1/dead/:key`, `POST /v1/dead/replay`: the dead letters of the source whose secret key is given. */

import { DEAD_PREFIX } from '@millrace/schemas'
import type { Context } from 'hono'
import { z } from 'zod'
import type { DeadBucket } from '../dead/bucket.ts'
import { listDeadLetters } from '../dead/list.ts'
import { showDeadLetter } from '../dead/read.ts'
import { replayDeadLetters } from '../dead/replay.ts'
import type { EventQueue } from '../enqueue.ts'
import { type ReceiveDeps, readJsonBody } from '../receive.ts'
import { answerJson, type RequestRefusal, refusal, refuse, refuseForNow } from '../refuse.ts'

/** Where dead letters are, and where they go. */
export interface DeadLetterStore {
  bucket: DeadBucket
  /** The queue `events`. */
  queue: Pick<EventQueue, 'sendBatch'>
}

/** What the routes need; without a store they answer 503. */
export type DeadLetterDeps = Pick<ReceiveDeps, 'authorize' | 'now' | 'log'> & {
  store: DeadLetterStore | undefined
}

/** Letters of a page when nobody says. */
const DEFAULT_LIMIT = 100

/** Most letters of a page. */
export const MAX_PAGE_LETTERS = 1_000

/** Most letters of one replay: each may be a queue message of 128 KB. */
export const MAX_REPLAY_LETTERS = 100

/** A key of R2 has at most 1,024 bytes. */
const MAX_KEY_LENGTH = 1_024

/** Of 100 of the longest keys that there are. */
const MAX_REPLAY_BYTES = 128 * 1024

/** The body of `POST /v1/dead/replay`. */
export const DeadReplayBodySchema = z.object({
  keys: z.array(z.string().min(1).max(MAX_KEY_LENGTH)).min(1).max(MAX_REPLAY_LETTERS),
})

/** Tells one page of letters. */
export function takeDeadList(c: Context, deps: DeadLetterDeps): Promise<Response> {
  return withStore(c, deps, async ({ bucket }, source) => {
    const page = readPage(c)
    if (!page.ok) return page
    const { letters, next } = await listDeadLetters({ bucket, source, ...page })
    return { ok: true, answer: { success: true, letters, ...(next === undefined ? {} : { next }) } }
  })
}

/** Tells one letter with what is in it. */
export function takeDeadLetter(c: Context, deps: DeadLetterDeps): Promise<Response> {
  return withStore(c, deps, async ({ bucket }, source) => {
    const key = DEAD_PREFIX + (c.req.param('key') ?? '')
    const letter = key.length > MAX_KEY_LENGTH ? undefined : await showDeadLetter(bucket, source, key)
    if (letter !== undefined) return { ok: true, answer: { success: true, letter } }
    return refusal(404, 'not_found', `source "${source}" has no such dead letter`)
  })
}

/** Sends letters back to where they came from, and tells what became of each. */
export function takeDeadReplay(c: Context, deps: DeadLetterDeps): Promise<Response> {
  return withStore(c, deps, async ({ bucket, queue }, source) => {
    const read = await readJsonBody(c.req.raw, MAX_REPLAY_BYTES)
    if (!read.ok) return read
    const parsed = DeadReplayBodySchema.safeParse(read.body)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      return refusal(400, 'invalid_request', `${issue?.path.join('.') || 'the body'}: ${issue?.message}`)
    }
    const results = await replayDeadLetters({ bucket, queue, source, keys: parsed.data.keys, now: deps.now })
    const count = (wanted: string) => results.filter(({ status }) => status === wanted).length
    const counts = { replayed: count('replayed'), notFound: count('not_found'), failed: count('failed') }
    deps.log({ level: 'info', event: 'dead_letters_replayed', source, ...counts })
    return { ok: true, answer: { success: true, ...counts, results } }
  })
}

type Outcome = { ok: true; answer: object } | RequestRefusal

/** Asks for the secret key, then does the work; a bucket that fails is a fault that passes. */
async function withStore(
  c: Context,
  { authorize, store, log }: DeadLetterDeps,
  work: (store: DeadLetterStore, source: string) => Promise<Outcome>,
): Promise<Response> {
  const authorized = await authorize(c.req.raw, { source: c.req.query('source') }, 'operator')
  if (!authorized.ok) return refuse(c, authorized)
  if (store === undefined) return refuse(c, refuseForNow('this Worker has no bucket for dead letters'))
  const source = authorized.source.name
  try {
    const outcome = await work(store, source)
    // Letters hold events of persons, and are gone after a replay.
    c.header('Cache-Control', 'no-store')
    return outcome.ok ? answerJson(c, outcome.answer) : refuse(c, outcome)
  } catch (error) {
    log({ level: 'error', event: 'dead_letters_unreadable', source, error: String(error) })
    return refuse(c, refuseForNow('the bucket of the dead letters does not answer'))
  }
}

function readPage(c: Context): { ok: true; after: string | undefined; limit: number } | RequestRefusal {
  const { after, limit = String(DEFAULT_LIMIT) } = c.req.query()
  if (after !== undefined && (!after.startsWith(DEAD_PREFIX) || after.length > MAX_KEY_LENGTH)) {
    return refusal(400, 'invalid_request', 'after: must be "next" of the page before')
  }
  const isLimit = /^\d{1,4}$/.test(limit) && Number(limit) >= 1 && Number(limit) <= MAX_PAGE_LETTERS
  if (isLimit) return { ok: true, after, limit: Number(limit) }
  return refusal(400, 'invalid_request', `limit: must be a number from 1 to ${MAX_PAGE_LETTERS}`)
}
