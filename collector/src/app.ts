/** The collector's routes, in the order they run. What a rule does inside is in the rule's own file. */

import type { BatchAnswer, ErrorAnswer, ErrorCode, Route } from '@millrace/schemas'
import {
  BATCH_PATH,
  encodeEnvelopes,
  IMPORT_PATH,
  MAX_BATCH_BYTES,
  MAX_BATCH_EVENTS,
} from '@millrace/schemas'
import type { Context } from 'hono'
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { acceptBatch } from './accept-batch.ts'
import { readBody } from './read-body.ts'
import type { KeyMatch, Sources } from './sources.ts'
import { readKeys } from './write-key.ts'

/** What the collector needs of the world. */
export interface CollectorDeps {
  sources: Sources
  /** Makes envelopes durable; the answer waits for it. Rejects when they may not be. */
  enqueue: (envelopes: string[]) => Promise<void>
  /** Our clock, milliseconds since 1970. */
  now: () => number
  /** Takes one structured line; never a payload or a key. */
  log: (record: Record<string, unknown>) => void
  /** Serves the demo shop; only in development. Default: there is none. */
  demo?: (request: Request) => Promise<Response>
}

/** Seconds after which a client should try again when the queue did not take its batch. */
const RETRY_AFTER_SECONDS = 5

/** How long a browser may remember the answer to a preflight. Chromium caps it at two hours. */
const PREFLIGHT_SECONDS = 7_200

/** Builds the collector. Every answer that is an error has an {@link ErrorAnswer} as its body and CORS headers. */
export function createApp(deps: CollectorDeps): Hono {
  // Not strict: `/v1/batch/` is the same route, and an SDK that got 404 would drop its batch.
  const app = new Hono({ strict: false })

  app.use(
    cors({
      origin: '*',
      allowMethods: ['GET', 'POST', 'OPTIONS'],
      allowHeaders: ['Authorization', 'Content-Type', 'Content-Encoding'],
      exposeHeaders: ['Retry-After'],
      maxAge: PREFLIGHT_SECONDS,
    }),
  )
  app.get('/health', (c) => c.json({ status: 'ok' }))
  app.post(BATCH_PATH, (c) => receiveBatch(c, deps, 'batch'))
  app.post(IMPORT_PATH, (c) => receiveBatch(c, deps, 'import'))
  app.all('/health', (c) => refuseMethod(c, 'GET'))
  app.all(BATCH_PATH, (c) => refuseMethod(c, 'POST'))
  app.all(IMPORT_PATH, (c) => refuseMethod(c, 'POST'))

  const { demo } = deps
  if (demo !== undefined) {
    app.get('/', (c) => c.redirect('/demo/'))
    app.get('/demo/*', (c) => demo(c.req.raw))
  }

  app.notFound((c) => refuse(c, 404, 'not_found', `there is nothing at ${c.req.path}`))
  app.onError((error, c) => {
    deps.log({ level: 'error', event: 'unexpected_error', path: c.req.path, error: String(error) })
    return refuse(
      c,
      500,
      'internal_error',
      'something is wrong on our side; the batch was not stored, send it again',
    )
  })
  return app
}

async function receiveBatch(c: Context, deps: CollectorDeps, route: Route): Promise<Response> {
  const receivedAt = deps.now()
  const read = await readBody(c.req.raw, MAX_BATCH_BYTES)
  if (!read.ok) return refuse(c, read.status, read.code, read.message)

  const body = parseJson(read.text)
  if (body === undefined) return refuse(c, 400, 'invalid_json', 'the body is not JSON')
  if (!isObject(body))
    return refuse(c, 400, 'invalid_batch', 'the body must be a JSON object with an array "batch"')

  const keys = readKeys(c.req.header('authorization') ?? null, body, new URL(c.req.url).searchParams)
  if (keys.length === 0) {
    return refuse(
      c,
      401,
      'missing_write_key',
      'a write key is needed: Authorization: Basic, "writeKey" in the body, or ?writeKey=',
    )
  }
  const match = findSource(deps.sources, keys)
  if (match === undefined) return refuse(c, 401, 'unknown_write_key', 'no source has this key')
  if (route === 'import' && !match.isSecret) {
    return refuse(
      c,
      403,
      'secret_key_required',
      `${IMPORT_PATH} needs the secret key of source "${match.source.name}", not its write key`,
    )
  }

  const { source } = match
  // Only text can name a source: what another client keeps under this key must not cost it the batch.
  if (typeof body['source'] === 'string' && body['source'] !== source.name) {
    return refuse(c, 403, 'wrong_source', `this key is of source "${source.name}", the batch is for another`)
  }

  const { batch } = body
  if (!Array.isArray(batch)) return refuse(c, 400, 'invalid_batch', 'the body must have an array "batch"')
  if (batch.length > MAX_BATCH_EVENTS) {
    return refuse(
      c,
      413,
      'too_many_events',
      `a batch may have at most ${MAX_BATCH_EVENTS} events, got ${batch.length}`,
    )
  }

  const userAgent = c.req.header('user-agent')
  const accepted = await acceptBatch(body, batch, {
    source: match.source.name,
    route,
    receivedAt,
    ...(userAgent === undefined ? {} : { userAgent }),
  })
  const envelopes = encodeEnvelopes(accepted.head, accepted.eventTexts, accepted.quarantinedTexts)
  try {
    await deps.enqueue(envelopes)
  } catch (error) {
    deps.log({ level: 'error', event: 'enqueue_failed', source: match.source.name, error: String(error) })
    c.header('Retry-After', String(RETRY_AFTER_SECONDS))
    return refuse(
      c,
      503,
      'temporarily_unavailable',
      'the queue did not take the batch; send the same batch again',
    )
  }
  const answer: BatchAnswer = { success: true }
  if (accepted.receipts.length > 0) answer.receipts = accepted.receipts
  return c.json(answer)
}

function findSource(sources: Sources, keys: readonly string[]): KeyMatch | undefined {
  for (const key of keys) {
    const match = sources.find(key)
    if (match !== undefined) return match
  }
  return undefined
}

function refuseMethod(c: Context, allowed: string): Response {
  c.header('Allow', `${allowed}, OPTIONS`)
  return refuse(c, 405, 'method_not_allowed', `${c.req.path} takes ${allowed}, not ${c.req.method}`)
}

function refuse(c: Context, status: ContentfulStatusCode, code: ErrorCode, message: string): Response {
  return c.json({ success: false, code, message } satisfies ErrorAnswer, status)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON is the answer: the caller refuses it by name. `undefined` is no JSON value, so the two cannot be confused.
    return undefined
  }
}
