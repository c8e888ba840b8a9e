/** The last steps of an event that will be stored: rules about personal data, lookups, the source's own hook. */

import type { EventFacts, JsonObject, ParsedEvent } from '@millrace/schemas'
import { runHook } from '../enrich/hook.ts'
import type { EdgeTools } from './edge-tools.ts'
import { andThen, type MaybePromise } from './maybe-promise.ts'
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
  messageId: string
  /** Milliseconds since 1970. */
  timestamp: number
}

/** The event as it will be stored; `undefined` when the hook leaves it out. */
export type FinishEvent = (unfinished: Unfinished) => MaybePromise<ParsedEvent | undefined>

/** The last steps for one batch. They are synchronous but for hashes, tables not yet loaded, and hooks. */
export function createFinishEvent(scope: FinishScope): FinishEvent {
  const { rules, tools } = scope
  const withShared = (event: ParsedEvent) => ({ ...scope.preparedContext, ...event.context })

  const applyPii = (event: ParsedEvent): MaybePromise<ParsedEvent> => {
    const hasAddress = event.context?.['ip'] !== undefined
    const bare = hasAddress ? { ...event, context: withoutAddress(event.context ?? {}) } : event
    return rules.pii === undefined ? bare : rules.pii.apply(bare)
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

  return ({ event, facts, messageId, timestamp }) => {
    const joined = andThen(applyPii(event), (ruled) => join(ruled, facts))
    if (rules.hook === undefined) return joined
    return andThen(joined, (ruled) => callHook(scope, ruled, { messageId, timestamp }))
  }
}

async function callHook(
  { rules, tools, sender, receivedAt, preparedContext }: FinishScope,
  event: ParsedEvent,
  { messageId, timestamp }: Pick<Unfinished, 'messageId' | 'timestamp'>,
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
  const request = { ...sender.facts, source: rules.source, receivedAt, userAgent: sender.userAgent }
  const outcome = await runHook(rules.hook, { ...fields, properties, traits, context }, request, {
    log: tools.log,
  })
  if (outcome.kind === 'left_out') return undefined
  if (outcome.kind === 'failed') return event
  const { messageId: _, timestamp: __, ...changed } = outcome.event
  return { ...event, ...changed, type, context: subtractShared(changed.context, preparedContext) }
}
