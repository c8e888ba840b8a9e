/** Judges quarantined events again: same text, id and time, and whatever the tracking plan says now. */

import type { EventType, JsonObject, Receipt, RequestFacts } from '@millrace/schemas'
import {
  EVENT_TYPES,
  encodeJson,
  exceedsNesting,
  fitsBytes,
  MAX_NESTING,
  parseClientTime,
} from '@millrace/schemas'
import type { Context } from 'hono'
import { z } from 'zod'
import { type Arrival, acceptBatch } from '../accept/accept-batch.ts'
import { CLIENT_IDENTITY, createKnownIdentity } from '../accept/identity-reader.ts'
import { dropPrototypeKeys } from '../accept/prototype-keys.ts'
import { MAX_USER_AGENT_LENGTH } from '../accept/sender.ts'
import type { SourceRules } from '../accept/source-rules.ts'
import { classifyAgent } from '../enrich/relay.ts'
import type { OpenReceipt } from '../receipts/books.ts'
import { openReceipt, settleFailure } from '../receipts/enter.ts'
import type { ReceiveDeps, Received } from '../receive.ts'
import { tryDurable, unavailable, waitUntilOf } from '../receive.ts'
import { refusal } from '../refuse.ts'

/** Most events of one request: each may become a queue message of its own. */
export const MAX_REPLAY_EVENTS = 100

/** Most bytes of what was known of a sender, in JSON: what the edge finds out stays below. */
const MAX_SENDER_BYTES = 6 * 1024

const text = z.string().min(1).max(256)
const time = z.string().refine((value) => parseClientTime(value) !== undefined, 'must be an ISO 8601 time')
const object = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be an object',
)
// It goes into the head of an envelope, so unbounded it would leave no room for the event.
const sender = object.refine(
  (value) => !exceedsNesting(value, MAX_NESTING) && fitsBytes(encodeJson(value), MAX_SENDER_BYTES),
  `must be at most ${MAX_SENDER_BYTES} bytes of JSON`,
)

/** One event as the quarantine keeps it. */
export const ReplayEventSchema = z.object({
  raw: z.string(),
  messageId: text,
  /** What it is, as the path of a route for single events says; its text need not. */
  type: z.enum(EVENT_TYPES).optional(),
  receivedAt: time,
  sentAt: time.optional(),
  batchId: text.optional(),
  stream: text.optional(),
  seq: z.number().int().min(1).max(4_294_967_295).optional(),
  route: z.enum(['batch', 'import']),
  context: object.optional(),
  integrations: object.optional(),
  userAgent: z.string().max(MAX_USER_AGENT_LENGTH).optional(),
  request: sender.optional(),
  /** The id that the edge gave it; without it the event's own is taken. */
  anonymousId: text.optional(),
  clientAnonymousId: text.optional(),
})

/** The body of `POST /v1/replay`. */
export const ReplayBodySchema = z.object({ events: z.array(ReplayEventSchema).max(MAX_REPLAY_EVENTS) })

type ReplayEvent = z.infer<typeof ReplayEventSchema>

/**
 * Takes events back in. Those that are good now are stored under their old id and time; the others are told in the
 * receipts and stay where they are, so that replaying twice changes nothing.
 */
export async function replay(
  c: Context,
  deps: ReceiveDeps,
  body: Record<string, unknown>,
): Promise<Received> {
  const authorized = await deps.authorize(c.req.raw, body, 'operator')
  if (!authorized.ok) return authorized
  const parsed = ReplayBodySchema.safeParse(body)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return refusal(400, 'invalid_batch', `${issue?.path.join('.') || 'the body'}: ${issue?.message}`)
  }

  const envelopes: string[] = []
  const open: OpenReceipt[] = []
  const receipts: Receipt[] = []
  let acceptedCount = 0
  for (const [index, event] of parsed.data.events.entries()) {
    const judged = await settleFailure(open, () => judgeAgain(c, deps, authorized.rules, event, open))
    envelopes.push(...judged.envelopes)
    receipts.push(...judged.receipts.map((receipt) => ({ ...receipt, index })))
    acceptedCount += judged.acceptedCount
  }
  const about = { source: authorized.rules.source, accepted: acceptedCount, takenAt: deps.now() }
  const isDurable = await tryDurable(deps, about, envelopes, open)
  if (!isDurable) return unavailable('neither queue nor bucket took the events')
  return { ok: true, receipts, acceptedCount }
}

/** Only what is accepted makes an envelope: a refusal is known already, under the same id. */
async function judgeAgain(
  c: Context,
  deps: ReceiveDeps,
  rules: SourceRules,
  event: ReplayEvent,
  open: OpenReceipt[],
) {
  const { raw, messageId, type, receivedAt, seq, route, userAgent, request, ...rest } = event
  const { anonymousId, clientAnonymousId, ...shared } = rest
  const arrival: Arrival = {
    rules,
    tools: deps.tools,
    route,
    // Whoever replays has it.
    isSecret: true,
    receivedAt: parseClientTime(receivedAt) ?? deps.now(),
    identity:
      anonymousId === undefined ? CLIENT_IDENTITY : createKnownIdentity(anonymousId, clientAnonymousId),
    waitUntil: waitUntilOf(c),
    openReceipt: (counts) => (counts[0] > 0 ? openReceipt(deps, rules.source, counts, open) : undefined),
    sender: {
      userAgent,
      hints: undefined,
      address: undefined,
      agentKind: classifyAgent(userAgent),
      facts: (request ?? {}) as RequestFacts,
    },
  }
  const known = [{ messageId, ...(seq === undefined ? {} : { seq }) }]
  const input = { body: shared, batch: [parseRaw(raw, type)], readTexts: () => [raw], known }
  const judged = await acceptBatch(input, arrival)
  return judged.acceptedCount > 0 ? judged : { ...judged, envelopes: [] }
}

function parseRaw(raw: string, type: EventType | undefined): unknown {
  try {
    const value: unknown = JSON.parse(raw)
    dropPrototypeKeys(value)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject && type !== undefined ? { ...value, type } : value
  } catch {
    // What is no JSON is judged as the text that it is, and refused as no object.
    return raw
  }
}
