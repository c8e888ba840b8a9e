/** From the text of a body to its answer: authorize, judge, make durable, say what became of each event. */

import type { BatchAnswer, EnvelopesInfo, Receipt, Route } from '@millrace/schemas'
import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS } from '@millrace/schemas'
import type { Context } from 'hono'
import { type Arrival, acceptBatch } from './accept/accept-batch.ts'
import type { EdgeTools } from './accept/edge-tools.ts'
import { CLIENT_IDENTITY, createIdentityReader } from './accept/identity-reader.ts'
import { sliceBatchTexts } from './accept/original-texts.ts'
import { dropPrototypeKeys, mayHavePrototypeKeys } from './accept/prototype-keys.ts'
import { readSender } from './accept/sender.ts'
import type { SourceRules } from './accept/source-rules.ts'
import type { Authorize, Authorized } from './authorize.ts'
import { DEFAULT_COOKIE_NAME, writeIdCookie } from './identity/cookie.ts'
import { logTaken, type OutcomeLog } from './log-outcomes.ts'
import { describeNotJson } from './not-json.ts'
import { readBody } from './read-body.ts'
import type { Books, OpenReceipt } from './receipts/books.ts'
import { openReceipt, settleFailure } from './receipts/enter.ts'
import { type RequestRefusal, refusal, refuseForNow } from './refuse.ts'

/** What receiving needs of the world. */
export interface ReceiveDeps {
  authorize: Authorize
  tools: EdgeTools
  /** Makes envelopes durable; the answer waits for it. Rejects when they may not be. */
  makeDurable: (envelopes: string[], about?: EnvelopesInfo) => Promise<unknown>
  /** What this isolate took, by source. Default: there are none, and envelopes carry no receipt. */
  books?: Books | undefined
  /** Name of the source whose key a request shows outside its body. Default: nobody looks. */
  findSender?: (request: Request) => string | undefined
  /** Our clock, milliseconds since 1970. */
  now: () => number
  /** Takes one structured line; never a payload or a key. */
  log: (record: Record<string, unknown>) => void
  /** How it is said what became of requests. Default: it is not. */
  outcomes?: OutcomeLog | undefined
}

/** What a body holds. */
export interface Batch {
  /** Fields of the batch, its key among them. */
  body: Record<string, unknown>
  /** Not yet known to be an array. */
  events: unknown
  /** Texts of the events exactly as they arrived. */
  readTexts: () => readonly string[] | undefined
}

/** Outcome of a request: what became of its events, or why it was refused whole. */
export type Received = { ok: true; receipts: Receipt[]; acceptedCount: number } | RequestRefusal

/** Reads a JSON body that must be an object. Keys that would change a prototype are dropped. */
export async function readJsonBody(
  request: Request,
  maxBytes: number = MAX_BATCH_BYTES,
): Promise<{ ok: true; body: Record<string, unknown>; text: string } | RequestRefusal> {
  const read = await readBody(request, maxBytes)
  if (!read.ok) return refusal(read.status, read.code, read.message)
  const body = parseJson(read.text)
  if (body === undefined) return refusal(400, 'invalid_json', describeNotJson(read.text))
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return refusal(400, 'invalid_batch', 'the body must be a JSON object')
  }
  if (mayHavePrototypeKeys(read.text)) dropPrototypeKeys(body)
  return { ok: true, body: body as Record<string, unknown>, text: read.text }
}

/** The batch that a body is. */
export function batchOf(body: Record<string, unknown>, text: string): Batch {
  return { body, events: body['batch'], readTexts: () => sliceBatchTexts(text) }
}

/** The batch that one event is, as the routes for single events take it; the path says its type. */
export function batchOfEvent(event: Record<string, unknown>, text: string, type: string): Batch {
  const { writeKey, sentAt } = event
  return { body: { writeKey, sentAt }, events: [{ ...event, type }], readTexts: () => [text] }
}

/**
 * The event with a new id, when it has neither an id nor a time of its own: alone it looks like the next one of its kind,
 * and an id minted from its content would make them one for ever.
 */
export function identifyLone(event: Record<string, unknown>, newId: () => string): Record<string, unknown> {
  const { messageId, originalTimestamp, timestamp } = event
  const isKnown = [messageId, originalTimestamp, timestamp].some((value) => (value ?? '') !== '')
  return isKnown ? event : { ...event, messageId: newId() }
}

/** Takes a batch in. Resolves once its events are durable; sets the cookie of sources that want one. */
export async function receive(c: Context, deps: ReceiveDeps, batch: Batch, route: Route): Promise<Received> {
  const receivedAt = deps.now()
  const authorized = await deps.authorize(c.req.raw, batch.body, route)
  if (!authorized.ok) return authorized
  const received = await take(c, deps, batch, route, authorized, receivedAt)
  return received.ok ? received : { ...received, source: authorized.source.name }
}

async function take(
  c: Context,
  deps: ReceiveDeps,
  { body, events, readTexts }: Batch,
  route: Route,
  { rules, isSecret }: Authorized,
  receivedAt: number,
): Promise<Received> {
  const request = c.req.raw
  if (!Array.isArray(events)) return refusal(400, 'invalid_batch', 'the body must have an array "batch"')
  if (events.length > MAX_BATCH_EVENTS) {
    const message = `a batch may have at most ${MAX_BATCH_EVENTS} events, got ${events.length}`
    return refusal(413, 'too_many_events', message)
  }

  const sender = readSender(request, rules, deps.tools)
  const identity = route === 'import' ? CLIENT_IDENTITY : await readIdentity(c, deps, rules, sender)
  if (identity === undefined) return unavailable('the ids of visitors cannot be made just now')
  const open: OpenReceipt[] = []
  const arrival: Arrival = {
    rules,
    tools: deps.tools,
    route,
    isSecret,
    receivedAt,
    sender,
    identity,
    waitUntil: waitUntilOf(c),
    openReceipt: (counts) => openReceipt(deps, rules.source, counts, open),
  }
  const { envelopes, receipts, acceptedCount, batchId } = await settleFailure(open, () =>
    acceptBatch({ body, batch: events, readTexts }, arrival),
  )
  const about = { source: rules.source, accepted: acceptedCount, takenAt: receivedAt }
  const durable = tryDurable(deps, about, envelopes, open)
  // A client that goes away must not cut it off: the events would be sent again, but nobody would know of these.
  waitUntilOf(c)(durable)
  const isDurable = await durable
  if (!isDurable) return unavailable('neither queue nor bucket took the batch')
  const taken = { source: rules.source, route, batchId, accepted: acceptedCount, receipts }
  if (deps.outcomes !== undefined) logTaken(deps.outcomes, { ...taken, ms: deps.now() - receivedAt })
  setIdCookie(c, rules, identity.cookieId())
  return { ok: true, receipts, acceptedCount }
}

/** The answer to a batch that was taken; receipts only where there is something to tell. */
export function describeReceived({ receipts }: { receipts: Receipt[] }): BatchAnswer {
  return receipts.length === 0 ? { success: true } : { success: true, receipts }
}

/** Whether the envelopes are durable; their open receipts are settled, and a failure is logged. */
export async function tryDurable(
  { makeDurable, log }: Pick<ReceiveDeps, 'makeDurable' | 'log'>,
  about: EnvelopesInfo,
  envelopes: string[],
  open: readonly OpenReceipt[] = [],
): Promise<boolean> {
  let isDurable = false
  try {
    await makeDurable(envelopes, about)
    isDurable = true
  } catch (error) {
    log({ level: 'error', event: 'not_durable', source: about.source, error: String(error) })
  }
  for (const { settle } of open) settle(isDurable)
  return isDurable
}

/** Nothing was stored, and the same request may succeed soon. */
export function unavailable(why: string): RequestRefusal {
  return refuseForNow(`${why}; nothing was stored, send the same batch again`)
}

/** The platform's `waitUntil`; without one (in tests) a promise is left to itself, its failure said by whoever made it. */
export function waitUntilOf(c: Context): (promise: Promise<unknown>) => void {
  return (promise) => {
    try {
      c.executionCtx.waitUntil(promise)
    } catch {
      // Hono throws when the request came without an execution context.
      promise.catch(() => {})
    }
  }
}

async function readIdentity(
  c: Context,
  { tools, log }: ReceiveDeps,
  rules: SourceRules,
  sender: Parameters<typeof createIdentityReader>[1],
) {
  try {
    return await createIdentityReader(rules, sender, tools, c.req.raw.headers.get('cookie'))
  } catch (error) {
    log({ level: 'error', event: 'identity_failed', source: rules.source, error: String(error) })
    return undefined
  }
}

function setIdCookie(c: Context, { identity }: SourceRules, id: string | undefined): void {
  if (identity.kind !== 'cookie' || id === undefined) return
  // A browser keeps a Secure cookie from plain http on its own machine only sometimes, and from elsewhere never.
  const isSecure = !/^http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]/.test(c.req.url)
  const { name = DEFAULT_COOKIE_NAME, domain } = identity
  c.header('Set-Cookie', writeIdCookie({ name, id, isSecure, ...(domain === undefined ? {} : { domain }) }))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON is the answer: the caller refuses it by name. `undefined` is no JSON value, so the two cannot be confused.
    return undefined
  }
}
