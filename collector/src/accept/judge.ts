/** Judges one event after the other of a batch: which is stored, which is refused, which is left out, and why. */

import type {
  ConsentOutcome,
  EnvelopeEvent,
  EventFacts,
  JsonObject,
  ParsedEvent,
  ParseResult,
  Reason,
  Violation,
} from '@millrace/schemas'
import {
  byteLength,
  EVENT_TYPES,
  encodeJson,
  fitsBytes,
  MAX_EVENT_BYTES,
  parseEvent,
} from '@millrace/schemas'
import { contextGpc, decideConsent } from '../enrich/consent.ts'
import { runHook } from '../enrich/hook.ts'
import type { EdgeTools } from './edge-tools.ts'
import { readEventTime } from './event-clock.ts'
import { createFactReader, type FactScope } from './event-facts.ts'
import type { IdentityReader } from './identity-reader.ts'
import type { Judgement, Refused } from './judgement.ts'
import { ownMessageId } from './message-id.ts'
import { anonymize, isAllPersonal } from './personal.ts'
import { subtractShared, withoutAddress } from './shared-context.ts'
import { readId, type SharedFields } from './shared-fields.ts'
import type { SourceRules } from './source-rules.ts'

/** A batch as the judge sees it. */
export interface JudgeScope extends FactScope {
  rules: SourceRules
  tools: EdgeTools
  /** Milliseconds since 1970. */
  receivedAt: number
  shared: SharedFields
  /** The shared context after the rules, as the head of the envelope carries it. */
  preparedContext: JsonObject | undefined
  identity: IdentityReader
  mintId: (content: string) => Promise<string>
  waitUntil: (promise: Promise<unknown>) => void
}

/** One element of a batch. */
export interface JudgeInput {
  input: unknown
  seq: number | undefined
  /** The id that it had before, when it is judged again. */
  messageId?: string | undefined
}

/** Most bytes of one event's text: as it came, its joined rows, and room; with the head it stays below an envelope. */
const MAX_ENTRY_BYTES = 80 * 1024

/** A judge for one batch; it remembers the ids that it has accepted. */
export function createJudge(scope: JudgeScope): (input: JudgeInput) => Promise<Judgement> {
  const { rules, tools, shared, sender, identity } = scope
  const accepted = new Set<string>()
  const readFacts = createFactReader(rules, tools, scope)

  return async ({ input, seq, messageId: givenId }) => {
    const parsed = parseEvent(input)
    const messageId =
      givenId ??
      ownMessageId(parsed.ok ? parsed.event : { messageId: readOwnId(input) }, shared.head.stream, seq) ??
      (await scope.mintId(encodeRaw(input)))

    const leaveOut = (reason: Reason, message: string): Judgement => ({
      kind: 'filtered',
      messageId,
      reason,
      message,
    })
    const leaveOutBot = (bot: string) =>
      leaveOut('bot', `sent by the bot ${bot}, and the source leaves bots out`)
    const consent = decideConsentOf(parsed, input)
    const isAnonymized = consent.outcome === 'anonymize'
    if (consent.outcome === 'filter' || (isAnonymized && parsed.ok && isAllPersonal(parsed.event))) {
      return consent.reason === 'privacy_control'
        ? leaveOut('privacy_control', 'Global Privacy Control is on, and the source honours it')
        : leaveOut('no_consent', 'the person has not consented to what the source requires')
    }

    const refuse = (reason: Reason, path: string, message: string): Refused => ({
      kind: 'quarantined',
      messageId,
      reason,
      path,
      message,
      isAnonymized,
      ...nameOf(input),
      ...(isAnonymized ? { raw: parsed.ok ? encodeJson(anonymize(parsed.event)) : WITHHELD } : {}),
    })
    if (shared.refusal !== undefined)
      return refuse(shared.refusal.reason, shared.refusal.path, shared.refusal.message)
    if (!parsed.ok) {
      const { bot } = sender.facts
      if (bot !== undefined && rules.bots === 'filter') return leaveOutBot(bot)
      const bytes = countBytes(input)
      if (bytes > MAX_EVENT_BYTES) return refuse('event_too_large', '', describeSize(bytes))
      return refuse(parsed.reason, parsed.path, parsed.message)
    }

    const event = isAnonymized ? anonymize(parsed.event) : parsed.event
    const facts = readFacts(event)
    const bot = facts.bot ?? (facts.isRelayed === true ? undefined : sender.facts.bot)
    if (rules.bots === 'filter' && bot !== undefined) {
      return leaveOutBot(bot)
    }
    const time = readEventTime(event, {
      route: scope.route,
      receivedAt: scope.receivedAt,
      sentAt: shared.head.sentAt,
    })
    if (!time.ok) return refuse('impossible_time', time.path, time.message)
    if (accepted.has(messageId)) {
      const message = `an earlier event of this batch has the same messageId`
      return { kind: 'duplicate', messageId, reason: 'repeated_in_batch', message }
    }
    if (isAnonymized) {
      facts.isAnonymized = true
      delete facts.ip
    } else {
      identity.assign(event, facts)
    }
    if (event.userId === undefined && event.anonymousId === undefined && facts.isAnonymized !== true) {
      return refuse('missing_identity', 'anonymousId', 'an event needs a userId or an anonymousId')
    }

    const verdict = rules.checkPlan === undefined ? undefined : checkPlan(event)
    if (verdict !== undefined) {
      const { planVersion, violations } = verdict
      const [first] = violations
      if (first !== undefined && rules.isPlanEnforced) {
        const reason = first.rule === 'unplanned_event' ? 'unplanned_event' : 'plan_violation'
        return {
          ...refuse(reason, first.path, first.message),
          violations,
          ...(planVersion === undefined ? {} : { planVersion }),
        }
      }
      if (planVersion !== undefined) facts.planVersion = planVersion
      if (first !== undefined) facts.violations = violations.map(hideFound)
    }

    const ruled = applyPii(event)
    const finished = await finish(
      ruled instanceof Promise ? await ruled : ruled,
      facts,
      messageId,
      time.timestamp,
    )
    if (finished === undefined) return leaveOut('left_out_by_hook', "the source's own enrich left it out")
    const text = encodeEvent(finished, facts, messageId, time, seq)
    // Rules may lengthen what they replace, so what comes out is bounded as well as what came in.
    if (!fitsBytes(text, MAX_ENTRY_BYTES)) {
      return refuse('event_too_large', '', 'what the rules of the source make of the event is too large')
    }
    // Almost every event is certainly within the limit; only the others are written again to be counted.
    if (!fitsBytes(text, MAX_EVENT_BYTES - shared.bytes)) {
      const bytes = countBytes(input)
      if (bytes > MAX_EVENT_BYTES) return refuse('event_too_large', '', describeSize(bytes))
    }
    accepted.add(messageId)
    return { kind: 'accepted', isAnonymized: facts.isAnonymized === true, messageId, text }
  }

  function countBytes(input: unknown): number {
    return byteLength(encodeRaw(input)) + shared.bytes
  }

  function decideConsentOf(
    parsed: ParseResult,
    input: unknown,
  ): { outcome: ConsentOutcome; reason?: 'no_consent' | 'privacy_control' } {
    if (rules.consent === undefined) return STORE
    const own = parsed.ok ? parsed.event.context : readContext(input)
    const context = own === undefined ? scope.sharedContext : { ...scope.sharedContext, ...own }
    const hasGpc = sender.facts.gpc === true || (context !== undefined && contextGpc(context))
    return decideConsent(rules.consent, context, hasGpc)
  }

  /** A plan whose own code throws is our fault, not the event's: it is stored unchecked. */
  function checkPlan(event: ParsedEvent) {
    try {
      return rules.checkPlan?.(event)
    } catch (error) {
      tools.log({
        level: 'error',
        event: 'plan_failed',
        source: rules.source,
        type: event.type,
        error: String(error),
      })
      return undefined
    }
  }

  /** What a rule hides in the event must not show beside it. */
  function hideFound(violation: Violation): Violation {
    if (rules.pii?.covers(violation.path) !== true) return violation
    return { ...violation, found: 'hidden', message: `${violation.path} breaks the rule ${violation.rule}` }
  }

  function applyPii(event: ParsedEvent): ParsedEvent | Promise<ParsedEvent> {
    const bare =
      event.context?.['ip'] === undefined ? event : { ...event, context: withoutAddress(event.context) }
    return rules.pii === undefined ? bare : rules.pii.apply(bare)
  }

  /** Lookups and the user's hook; `undefined` when the hook leaves the event out. */
  async function finish(
    event: ParsedEvent,
    facts: EventFacts,
    messageId: string,
    timestamp: number,
  ): Promise<ParsedEvent | undefined> {
    if (rules.lookups.length > 0 && tools.lookups !== undefined) {
      const context = { ...scope.preparedContext, ...event.context }
      const joined = tools.lookups.join(rules.source, rules.lookups, { ...event, context }, scope.waitUntil)
      const lookups = joined instanceof Promise ? await joined : joined
      if (lookups !== undefined) facts.lookups = lookups
    }
    return rules.hook === undefined ? event : callHook(event, messageId, timestamp)
  }

  async function callHook(
    event: ParsedEvent,
    messageId: string,
    timestamp: number,
  ): Promise<ParsedEvent | undefined> {
    if (rules.hook === undefined) return event
    const { type, event: name, properties = {}, traits = {}, userId, anonymousId, groupId, category } = event
    const context = { ...scope.preparedContext, ...event.context }
    const given = {
      type,
      messageId,
      timestamp,
      event: name,
      name: event.name,
      category,
      userId,
      anonymousId,
      groupId,
    }
    const request = {
      ...sender.facts,
      source: rules.source,
      receivedAt: scope.receivedAt,
      userAgent: sender.userAgent,
    }
    const outcome = await runHook(rules.hook, { ...given, properties, traits, context }, request, {
      log: tools.log,
    })
    if (outcome.kind === 'left_out') return undefined
    if (outcome.kind === 'failed') return event
    const { messageId: _, timestamp: __, ...changed } = outcome.event
    return { ...event, ...changed, type, context: subtractShared(changed.context, scope.preparedContext) }
  }
}

/** Kept in place of an event that cannot be read and whose sender has not consented. */
const WITHHELD = '"(withheld: no consent)"'

const STORE = { outcome: 'store' } as const

/** JSON text of the event as the consumers get it; fields that are undefined vanish. */
function encodeEvent(
  event: ParsedEvent,
  facts: EventFacts,
  messageId: string,
  { timestamp, originalTimestamp }: { timestamp: number; originalTimestamp?: number },
  seq: number | undefined,
): string {
  const changes: { [K in keyof EnvelopeEvent]?: EnvelopeEvent[K] | undefined } = {
    messageId,
    timestamp,
    originalTimestamp,
    seq,
    facts,
  }
  // The parser made this object for us alone, so it is changed rather than copied.
  return encodeJson(Object.assign(event, changes))
}

function describeSize(bytes: number): string {
  return `an event may be at most ${MAX_EVENT_BYTES} bytes with its shared context, got ${bytes}`
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
  const { type, event } = asObject(input)
  return {
    ...(isEventType(type) ? { type } : {}),
    ...(typeof event === 'string' ? { event } : {}),
  }
}

function isEventType(value: unknown): value is ParsedEvent['type'] {
  return typeof value === 'string' && (EVENT_TYPES as readonly string[]).includes(value)
}

function readContext(input: unknown): JsonObject | undefined {
  const { context } = asObject(input)
  return typeof context === 'object' && context !== null && !Array.isArray(context)
    ? (context as JsonObject)
    : undefined
}

/** The id that a refused event would have had if it were good: a number counts as its text, as in a good one. */
function readOwnId(input: unknown): string | undefined {
  const id = asObject(input)['messageId']
  return readId(typeof id === 'number' ? String(id) : id)
}

function asObject(input: unknown): Record<string, unknown> {
  return typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {}
}
