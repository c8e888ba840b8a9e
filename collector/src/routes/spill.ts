/**
 * `GET /v1/spill`, `POST /v1/spill/drain`: what waits in the bucket because the queue did not take it. It holds envelopes of
 * all sources, so any secret key is told counts and times, and none of the content.
 */

import { SPILL_PREFIX, spilledAt } from '@millrace/schemas'
import type { Context } from 'hono'
import { withinDeadline } from '../deadline.ts'
import type { ReceiveDeps } from '../receive.ts'
import { answerJson, refusal, refuse, refuseForNow } from '../refuse.ts'

/** What is needed of the R2 binding. */
export interface SpillListBucket {
  /** In the order of keys, which is that of age. */
  list: (options: { prefix: string; startAfter?: string }) => Promise<{
    objects: { key: string; size: number }[]
    truncated: boolean
  }>
}

/** What a drain did, and what is left. */
export interface SpillDrained {
  /** Objects that are on the queue whole by now. */
  objects: number
  /** Messages that the queue took. */
  messages: number
  /** Objects that are left, counted up to 1,000; absent when the bucket did not say. */
  left?: number
  /** Age in milliseconds of the oldest that is left. */
  oldestLeftMs?: number
  /** Why it ended before its time. */
  error?: string
}

/** What the routes need. */
export type SpillDeps = Pick<ReceiveDeps, 'authorize' | 'log'> & {
  /** Default: there is none, and the list is answered 503. */
  bucket: SpillListBucket | undefined
  /** Drains now, for as long as a client waits. Never rejects. Default: nothing does, and it is answered 503. */
  drain: (() => Promise<SpillDrained>) | undefined
}

/** How long the bucket may take. Source: DESIGN section 2. */
const LIST_TIMEOUT_MS = 5_000

/** Far longer than any key of the spill. */
const MAX_AFTER_LENGTH = 256

/** Tells one page of objects, the oldest first, with their sum. */
export async function takeSpillList(c: Context, deps: SpillDeps): Promise<Response> {
  const authorized = await deps.authorize(c.req.raw, { source: c.req.query('source') }, 'operator')
  if (!authorized.ok) return refuse(c, authorized)
  if (deps.bucket === undefined) return refuse(c, refuseForNow('this Worker has no bucket for the spill'))
  const after = c.req.query('after')
  if (after !== undefined && (!after.startsWith(SPILL_PREFIX) || after.length > MAX_AFTER_LENGTH)) {
    return refuse(c, refusal(400, 'invalid_request', 'after: must be "next" of the page before'))
  }
  try {
    const from = after === undefined ? {} : { startAfter: after }
    const listing = deps.bucket.list({ prefix: SPILL_PREFIX, ...from })
    const page = await withinDeadline(listing, 'the bucket', LIST_TIMEOUT_MS)
    c.header('Cache-Control', 'no-store')
    return answerJson(c, describePage(page))
  } catch (error) {
    deps.log({ level: 'error', event: 'spill_unreadable', error: String(error) })
    return refuse(c, refuseForNow('the bucket of the spill does not answer'))
  }
}

/** Drains the spill and tells what it did. */
export async function takeSpillDrain(c: Context, deps: SpillDeps): Promise<Response> {
  const authorized = await deps.authorize(c.req.raw, { source: c.req.query('source') }, 'operator')
  if (!authorized.ok) return refuse(c, authorized)
  if (deps.drain === undefined) {
    return refuse(c, refuseForNow('this Worker cannot drain the spill by itself; its cron does'))
  }
  return answerJson(c, { success: true, ...(await deps.drain()) })
}

function describePage({ objects, truncated }: Awaited<ReturnType<SpillListBucket['list']>>) {
  const [oldest] = objects
  const next = objects.at(-1)?.key
  return {
    success: true,
    objects: objects.length,
    bytes: objects.reduce((sum, { size }) => sum + size, 0),
    ...(oldest === undefined ? {} : timeOf('oldestAt', oldest.key)),
    spilled: objects.map(({ key, size }) => ({ key, bytes: size, ...timeOf('spilledAt', key) })),
    ...(truncated && next !== undefined ? { next } : {}),
  }
}

/** ISO 8601, left out where a key is somebody else's. */
function timeOf(name: 'oldestAt' | 'spilledAt', key: string): Record<string, string> {
  const time = new Date(spilledAt(key))
  return Number.isNaN(time.getTime()) ? {} : { [name]: time.toISOString() }
}
