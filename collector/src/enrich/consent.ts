/** Decides what a person's consent, or their browser's Global Privacy Control, means for an event. */

import type { ConsentOutcome, ConsentPolicy, JsonObject, JsonValue } from '@millrace/schemas'
import { asObject } from '../json-object.ts'

/** What is to happen to an event, and why when it is not simply stored. */
export interface ConsentDecision {
  outcome: ConsentOutcome
  /** `no_consent` when both apply. */
  reason?: 'no_consent' | 'privacy_control'
}

const STRICTNESS = { store: 0, anonymize: 1, filter: 2 } as const satisfies Record<ConsentOutcome, number>

/**
 * What becomes of an event; the strictest of the answers that apply wins. Without a policy every event is stored; in one
 * without `required`, only Global Privacy Control counts.
 *
 * Of each category Segment's `context.consent.categoryPreferences` has the first word: `true` or `false`, anything else says
 * nothing. Where it says nothing, the category is sought in the lists of RudderStack's `context.consentManagement`:
 * `deniedConsentIds`, then `allowedConsentIds`. Its `resolutionStrategy` is not asked: it is about RudderStack's destinations,
 * and a client cannot loosen that all of `required` are needed. Source: RudderStack, Add the Consent Object to Event Payloads.
 */
export function decideConsent(
  policy: ConsentPolicy | undefined,
  context: JsonObject | undefined,
  hasGpc: boolean,
): ConsentDecision {
  if (policy === undefined) return { outcome: 'store' }
  const consented = decideByCategories(policy, context)
  const controlled = hasGpc ? (policy.whenGpc ?? 'store') : 'store'
  if (STRICTNESS[controlled] > STRICTNESS[consented]) {
    return { outcome: controlled, reason: 'privacy_control' }
  }
  return consented === 'store' ? { outcome: 'store' } : { outcome: consented, reason: 'no_consent' }
}

/** Whether the request carries Global Privacy Control. Source: W3C, Global Privacy Control, "The Sec-GPC header". */
export function readGpc(headers: Headers): boolean {
  return headers.get('Sec-GPC') === '1'
}

/** Whether the event says so itself, as `context.globalPrivacyControl` or `context.gpc`. */
export function contextGpc(context: JsonObject | undefined): boolean {
  return context?.['globalPrivacyControl'] === true || context?.['gpc'] === true
}

function decideByCategories(policy: ConsentPolicy, context: JsonObject | undefined): ConsentOutcome {
  const { required = [], whenDenied = 'filter', whenUnknown = 'filter' } = policy
  if (required.length === 0) return 'store'
  const readAnswer = createAnswerReader(context)
  let outcome: ConsentOutcome = 'store'
  for (const category of required) {
    const answer = readAnswer(category)
    if (answer === true) continue
    const wanted = answer === false ? whenDenied : whenUnknown
    if (STRICTNESS[wanted] > STRICTNESS[outcome]) outcome = wanted
  }
  return outcome
}

/** Answers for a category: `undefined` when the event does not say. */
function createAnswerReader(context: JsonObject | undefined): (category: string) => boolean | undefined {
  const preferences = asObject(asObject(context?.['consent'])?.['categoryPreferences'])
  const { deniedConsentIds, allowedConsentIds } = asObject(context?.['consentManagement']) ?? {}
  return (category) => {
    const preference = preferences?.[category]
    if (typeof preference === 'boolean') return preference
    if (includes(deniedConsentIds, category)) return false
    return includes(allowedConsentIds, category) ? true : undefined
  }
}

function includes(ids: JsonValue | undefined, category: string): boolean {
  return Array.isArray(ids) && ids.includes(category)
}
