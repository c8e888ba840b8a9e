/** The last steps of an event that will be stored: rules about personal data, lookups, the source's own hook. */

import type { EventFacts, JsonObject, ParsedEvent } from '@millrace/schemas'
import { runHook } from '../enrich/hook.ts'
import type { PiiFilter } from '../enrich/pii.ts'
import type { EdgeTools } from './edge-tools.ts'
import { createArrivalFacts } from './event-facts.ts'
import { andThen, type MaybePromise } from './maybe-promise.ts'
import { anonymize, anonymizeFacts } from './personal.ts'
import type { Sender } from './sender.ts'
import { subtractShared, withoutAddress } from './shared-context.ts'
import type { SourceRules } from './source-rules.ts'

/** A batch as these steps see it. */
export interface FinishScope {
  rules: SourceRules
  tools: EdgeTools
  sender: Sender
  /** Milliseconds since 1970. */
  receivedAt: number
  /** The shared context after the rules, as the head of the envelope carries it. */
  preparedContext: JsonObject | undefined
  waitUntil: (promise: Promise<unknown>) => void
}

/** An event before its last steps; `facts` are added to. */
export interface Unfinished {
  event: ParsedEvent
  facts: EventFacts
  /** The rules about personal data that hold for it. */
  pii: PiiFilter | undefined
  messageId: string
  /** Milliseconds since 1970. */
  timestamp: number
}

/** The event as it will be stored; `undefined` when the hook leaves it out. */
export type FinishEvent = (unfinished: Unfinished) => MaybePromise<ParsedEvent | undefined>

/**
 * Milliseconds that the hook may take for all events of a batch; the others are stored without it. SDKs give a request up
 * after 15 seconds and send it again, into the same wait.
 */
const HOOK_BUDGET_MS = 2_000

/** The last steps for one batch. They are synchronous but for hashes, tables not yet loaded, and hooks. */
export function createFinishEvent(scope: FinishScope): FinishEvent {
  const { rules, tools } = scope
  const addArrival = createArrivalFacts(scope)
  let hookMs = HOOK_BUDGET_MS
  const withShared = (event: ParsedEvent) => ({ ...scope.preparedContext, ...event.context })

  const applyPii = (event: ParsedEvent, pii: PiiFilter | undefined): MaybePromise<ParsedEvent> => {
    const hasAddress = event.context?.['ip'] !== undefined
    const bare = hasAddress ? { ...event, context: withoutAddress(event.context ?? {}) } : event
    return pii === undefined ? bare : pii.apply(bare)
  }

  const join = (event: ParsedEvent, facts: EventFacts): MaybePromise<ParsedEvent> => {
    if (rules.lookups.length === 0 || tools.lookups === undefined) return event
    const whole = { ...event, context: withShared(event) }
    const joined = tools.lookups.join(rules.source, rules.lookups, whole, scope.waitUntil)
    return andThen(joined, (lookups) => {
      if (lookups !== undefined) facts.lookups = lookups
      return event
    })
  }

  return (unfinished) => {
    const { event, facts, pii } = unfinished
    const joined = andThen(applyPii(event, pii), (ruled) => {
      addArrival(ruled, facts)
      return join(ruled, facts)
    })
    if (rules.hook === undefined) return joined
    return andThen(joined, async (ruled) => {
      if (hookMs <= 0) return ruled
      const startedAt = tools.now()
      const hooked = await callHook(scope, { ...unfinished, event: ruled })
      hookMs -= tools.now() - startedAt
      if (hookMs <= 0) tools.log({ level: 'error', event: 'hook_given_up', source: rules.source })
      return hooked
    })
  }
}

async function callHook(
  { rules, tools, sender, receivedAt, preparedContext }: FinishScope,
  { event, facts, messageId, timestamp }: Unfinished,
): Promise<ParsedEvent | undefined> {
  if (rules.hook === undefined) return event
  const { type, name, category, userId, anonymousId, groupId, properties = {}, traits = {} } = event
  const fields = {
    type,
    messageId,
    timestamp,
    event: event.event,
    name,
    category,
    userId,
    anonymousId,
    groupId,
  }
  const context = { ...preparedContext, ...event.context }
  const isAnonymized = facts.isAnonymized === true
  const known = isAnonymized ? anonymizeFacts(sender.facts) : { ...sender.facts, userAgent: sender.userAgent }
  const request = { ...known, source: rules.source, receivedAt }
  const outcome = await runHook(rules.hook, { ...fields, properties, traits, context }, request, {
    log: tools.log,
  })
  if (outcome.kind === 'left_out') return undefined
  if (outcome.kind === 'failed') return event
  const { messageId: _, timestamp: __, ...changed } = outcome.event
  const hooked = { ...event, ...changed, type, context: subtractShared(changed.context, preparedContext) }
  // Who it was may be known elsewhere, but is not to be stored.
  return isAnonymized ? anonymize(hooked) : hooked
}
