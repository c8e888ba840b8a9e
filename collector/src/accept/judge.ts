/** Judges one event after the other of a batch: which is stored, which is refused, which is left out, and why. */

import type {
  EnvelopeEvent,
  EventFacts,
  JsonObject,
  ParsedEvent,
  ParseResult,
  Reason,
} from '@millrace/schemas'
import {
  byteLength,
  checkCorrection,
  EVENT_TYPES,
  encodeJson,
  fitsBytes,
  isCorrection,
  MAX_EVENT_BYTES,
  parseEvent,
} from '@millrace/schemas'
import { type ConsentDecision, contextGpc, decideConsent } from '../enrich/consent.ts'
import { asObject } from '../json-object.ts'
import { type EventTime, readEventTime } from './event-clock.ts'
import { createFactReader, type FactScope } from './event-facts.ts'
import { createFinishEvent, type FinishScope } from './finish-event.ts'
import type { IdentityReader } from './identity-reader.ts'
import { type Judgement, MAX_ENTRY_BYTES, type Omitted, type Refused } from './judgement.ts'
import { andThen, type MaybePromise } from './maybe-promise.ts'
import { ownMessageId } from './message-id.ts'
import { anonymize, isAllPersonal } from './personal.ts'
import { createPlanStep } from './plan-step.ts'
import { readId, type SharedFields } from './shared-fields.ts'

/** A batch as the judge sees it. */
export interface JudgeScope extends FactScope, FinishScope {
  shared: SharedFields
  /** The sender has the secret key. */
  isSecret: boolean
  identity: IdentityReader
  mintId: (content: string) => Promise<string>
}

/** One element of a batch. */
export interface JudgeInput {
  input: unknown
  seq: number | undefined
  /** The id that it had before, when it is judged again. */
  messageId?: string | undefined
}

/** An element with its id, read as far as it can be. */
interface Case {
  input: unknown
  seq: number | undefined
  messageId: string
  parsed: ParseResult
  isAnonymized: boolean
}

/** An event that nothing speaks against so far. */
interface Candidate {
  event: ParsedEvent
  facts: EventFacts
  time: Extract<EventTime, { ok: true }>
}

/** A judge for one batch; it remembers the ids that it has accepted, so each must be done before the next begins. */
export function createJudge(scope: JudgeScope): (input: JudgeInput) => MaybePromise<Judgement> {
  const { rules, shared, sender } = scope
  const accepted = new Set<string>()
  const refused = new Set<string>()
  const readFacts = createFactReader(scope)
  const checkPlan = createPlanStep(scope)
  const finishEvent = createFinishEvent(scope)

  const judge = (one: Omit<Case, 'isAnonymized'>): MaybePromise<Judgement> => {
    const { parsed } = one
    const consent = rules.consent === undefined ? STORE : decideConsentOf(scope, parsed, one.input)
    const isAnonymized = consent.outcome === 'anonymize'
    if (consent.outcome === 'filter' || (isAnonymized && parsed.ok && isAllPersonal(parsed.event))) {
      return leaveOutUnconsented(one, consent)
    }
    const known: Case = { ...one, isAnonymized }
    if (shared.refusal !== undefined) return refuse(known, shared.refusal)
    return parsed.ok
      ? judgeEvent(known, isAnonymized ? anonymize(parsed.event) : parsed.event)
      : judgeUnreadable(known, parsed)
  }

  const judgeUnreadable = (one: Case, refusal: Extract<ParseResult, { ok: false }>): Judgement => {
    const { bot } = sender.facts
    if (bot !== undefined && rules.bots === 'filter') return leaveOutBot(one, bot)
    return refuseOversized(one, shared.bytes) ?? refuse(one, refusal)
  }

  const judgeEvent = (one: Case, event: ParsedEvent): MaybePromise<Judgement> => {
    const { isAnonymized } = one
    if (isCorrection(event)) return judgeCorrection(one, event)
    const facts = readFacts(event)
    const pii = isLifted(event, one.input) ? rules.piiOfLifted : rules.pii
    const isForeign = facts.isRelayed === true && sender.agentKind !== 'browser'
    const bot = facts.bot ?? (isForeign ? undefined : sender.facts.bot)
    if (rules.bots === 'filter' && bot !== undefined) return leaveOutBot(one, bot)
    const { route, receivedAt } = scope
    const time = readEventTime(event, { route, receivedAt, sentAt: shared.head.sentAt })
    if (!time.ok) return refuse(one, { ...time, reason: 'impossible_time' })
    if (accepted.has(one.messageId)) return leaveOutRepeated(one)
    if (isAnonymized) withhold(facts)
    const isOurs = !isAnonymized && scope.identity.assign(event, facts)
    // What a rule does to the id must not be undone by the one that it took the place of.
    if (facts.clientAnonymousId !== undefined && rules.pii?.covers('anonymousId'))
      delete facts.clientAnonymousId
    if (!isAnonymized && event.userId === undefined && event.anonymousId === undefined) {
      return refuse(one, MISSING_IDENTITY)
    }
    const unplanned = checkPlan(event, facts, pii)
    if (unplanned !== undefined) {
      return { ...refuse(one, unplanned), ...unplanned, ...(isOurs ? identityOf(event, facts) : {}) }
    }
    const finished = finishEvent({ event, facts, pii, messageId: one.messageId, timestamp: time.timestamp })
    return andThen(finished, (stored) => {
      if (stored === undefined) return leaveOutByHook(one)
      return accept(one, { event: stored, facts, time })
    })
  }

  /** It says something of another event and nothing of its own, so no rule about persons, bots or plans is for it. */
  const judgeCorrection = (one: Case, event: ParsedEvent): Judgement => {
    if (!scope.isSecret) return refuse(one, CORRECTION_WITHOUT_KEY)
    const { route, receivedAt } = scope
    const wrong = checkCorrection(event.event ?? '', event.properties, receivedAt)
    if (wrong !== undefined) return refuse(one, { ...wrong, reason: 'invalid_field' })
    const time = readEventTime(event, { route, receivedAt, sentAt: shared.head.sentAt })
    if (!time.ok) return refuse(one, { ...time, reason: 'impossible_time' })
    if (accepted.has(one.messageId)) return leaveOutRepeated(one)
    return accept(one, { event, facts: { isRelayed: true }, time })
  }

  const accept = (one: Case, candidate: Candidate): Judgement => {
    const text = encodeEvent(one, candidate)
    // Almost every event is certainly within the limit; only the others are written again to be counted.
    if (!fitsBytes(text, MAX_EVENT_BYTES - shared.bytes)) {
      const oversized = refuseOversized(one, shared.bytes)
      if (oversized !== undefined) return oversized
      // Rules may lengthen what they replace, so what comes out is bounded as well as what came in.
      if (!fitsBytes(text, MAX_ENTRY_BYTES)) return refuse(one, OVERGROWN)
    }
    const { messageId } = one
    accepted.add(messageId)
    return { kind: 'accepted', isAnonymized: one.isAnonymized, messageId, text }
  }

  /** The quarantine keeps one of each id, so another would be in no table. */
  const leaveOutRefusedAgain = (judgement: Judgement): Judgement => {
    if (judgement.kind !== 'quarantined') return judgement
    if (refused.has(judgement.messageId)) return leaveOutRepeated(judgement)
    refused.add(judgement.messageId)
    return judgement
  }

  /** What an id is minted from: two visitors that only the edge tells apart are not one. */
  const contentOf = (input: unknown): string => {
    const { visitorId } = scope.identity
    return visitorId === undefined ? encodeRaw(input) : `${encodeRaw(input)}\n${visitorId}`
  }

  return ({ input, seq, messageId: givenId }) => {
    const parsed = parseEvent(input)
    const named = parsed.ok ? parsed.event : { messageId: readOwnId(input) }
    const messageId = givenId ?? ownMessageId(named, shared.head.stream, seq)
    const judged =
      messageId === undefined
        ? scope.mintId(contentOf(input)).then((minted) => judge({ input, seq, parsed, messageId: minted }))
        : judge({ input, seq, parsed, messageId })
    return judged instanceof Promise ? judged.then(leaveOutRefusedAgain) : leaveOutRefusedAgain(judged)
  }
}

/** Kept in place of an event that cannot be read and whose sender has not consented. */
const WITHHELD = '"(withheld: no consent)"'

const STORE: ConsentDecision = { outcome: 'store' }

const MISSING_IDENTITY = {
  reason: 'missing_identity',
  path: 'anonymousId',
  message: 'an event needs a userId or an anonymousId',
} as const

const CORRECTION_WITHOUT_KEY = {
  reason: 'secret_key_required',
  path: 'event',
  message: 'a correction needs the secret key of the source, in the Authorization header',
} as const

const OVERGROWN = {
  reason: 'event_too_large',
  path: '',
  message: 'what the rules of the source make of the event is too large',
} as const

/** Whether the parser moved the traits of an `identify` out of its context. */
function isLifted({ type, traits }: ParsedEvent, input: unknown): boolean {
  return type === 'identify' && traits !== undefined && (asObject(input)?.['traits'] ?? '') === ''
}

/** What would tell who sent an event that is stored without that. */
function withhold(facts: EventFacts): void {
  facts.isAnonymized = true
  delete facts.ip
}

/** What a later judgement of the same event could not find out again. */
function identityOf({ anonymousId }: ParsedEvent, { clientAnonymousId }: EventFacts) {
  return {
    ...(anonymousId === undefined ? {} : { anonymousId }),
    ...(clientAnonymousId === undefined ? {} : { clientAnonymousId }),
  }
}

function decideConsentOf(
  { rules, sender, sharedContext }: JudgeScope,
  parsed: ParseResult,
  input: unknown,
): ConsentDecision {
  const own = parsed.ok ? parsed.event.context : readContext(input)
  const context = own === undefined ? sharedContext : { ...sharedContext, ...own }
  return decideConsent(rules.consent, context, sender.facts.gpc === true || contextGpc(context))
}

function leaveOut({ messageId }: Pick<Case, 'messageId'>, reason: Reason, message: string): Omitted {
  return { kind: 'filtered', messageId, reason, message }
}

function leaveOutUnconsented(one: Pick<Case, 'messageId'>, { reason }: ConsentDecision): Omitted {
  return reason === 'privacy_control'
    ? leaveOut(one, 'privacy_control', 'Global Privacy Control is on, and the source honours it')
    : leaveOut(one, 'no_consent', 'the person has not consented to what the source requires')
}

function leaveOutBot(one: Case, bot: string): Omitted {
  return leaveOut(one, 'bot', `sent by the bot ${bot}, and the source leaves bots out`)
}

function leaveOutByHook(one: Case): Omitted {
  return leaveOut(one, 'left_out_by_hook', "the source's own enrich left it out")
}

function leaveOutRepeated({ messageId }: Pick<Case, 'messageId'>): Omitted {
  const message = 'an earlier event of this batch has the same messageId'
  return { kind: 'duplicate', messageId, reason: 'repeated_in_batch', message }
}

function refuse(
  { input, messageId, parsed, isAnonymized }: Case,
  { reason, path, message }: { reason: Reason; path: string; message: string },
): Refused {
  return {
    kind: 'quarantined',
    messageId,
    reason,
    path,
    message,
    isAnonymized,
    ...nameOf(input),
    ...(isAnonymized ? { raw: parsed.ok ? encodeJson(anonymize(parsed.event)) : WITHHELD } : {}),
  }
}

/** The refusal of an event that is over the limit as it came, with what the batch shares. */
function refuseOversized(one: Case, sharedBytes: number): Refused | undefined {
  const bytes = byteLength(encodeRaw(one.input)) + sharedBytes
  if (bytes <= MAX_EVENT_BYTES) return undefined
  const message = `an event may be at most ${MAX_EVENT_BYTES} bytes with its shared context, got ${bytes}`
  return refuse(one, { reason: 'event_too_large', path: '', message })
}

/** JSON text of the event as the consumers get it; fields that are undefined vanish. */
function encodeEvent({ messageId, seq }: Case, { event, facts, time }: Candidate): string {
  const changes: { [K in keyof EnvelopeEvent]?: EnvelopeEvent[K] | undefined } = {
    messageId,
    timestamp: time.timestamp,
    originalTimestamp: time.originalTimestamp,
    seq,
    facts,
  }
  // The parser made this object for us alone, so it is changed rather than copied.
  return encodeJson(Object.assign(event, changes))
}

/** JSON text of an element, for what needs its content whatever it is. */
export function encodeRaw(input: unknown): string {
  try {
    return encodeJson(input)
  } catch {
    // Only a nesting of many thousands exhausts the stack here; such an event is refused as too deep.
    return '"(nested too deeply to be kept)"'
  }
}

function nameOf(input: unknown): Pick<Refused, 'type' | 'event'> {
  const { type, event } = asObject(input) ?? {}
  return {
    ...(isEventType(type) ? { type } : {}),
    ...(typeof event === 'string' ? { event } : {}),
  }
}

function isEventType(value: unknown): value is ParsedEvent['type'] {
  return typeof value === 'string' && (EVENT_TYPES as readonly string[]).includes(value)
}

function readContext(input: unknown): JsonObject | undefined {
  return asObject(asObject(input)?.['context'])
}

/** The id that a refused event would have had if it were good: a number counts as its text, as in a good one. */
function readOwnId(input: unknown): string | undefined {
  const id = asObject(input)?.['messageId']
  return readId(typeof id === 'number' ? String(id) : id)
}
