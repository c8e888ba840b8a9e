/** Decides what a person's consent, or their browser's Global Privacy Control, means for an event. */

import type { ConsentOutcome, ConsentPolicy, JsonObject, JsonValue } from '@millrace/schemas'

/** What is to happen to an event, and why when it is not simply stored. */
export interface ConsentDecision {
  outcome: ConsentOutcome
  /** `no_consent` when both apply. */
  reason?: 'no_consent' | 'privacy_control'
}

const STRICTNESS = { store: 0, anonymize: 1, filter: 2 } as const satisfies Record<ConsentOutcome, number>

/**
 * What becomes of an event; the strictest of the answers that apply wins. Consent is read from
 * `context.consent.categoryPreferences`: `false` in any required category is a refusal, anything but `true` and `false`
 * says nothing. Without a policy every event is stored; in one without `required`, only Global Privacy Control counts.
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
  const preferences = asObject(asObject(context?.['consent'])?.['categoryPreferences'])
  let outcome: ConsentOutcome = 'store'
  for (const category of required) {
    const answer = preferences?.[category]
    if (answer === true) continue
    const wanted = answer === false ? whenDenied : whenUnknown
    if (STRICTNESS[wanted] > STRICTNESS[outcome]) outcome = wanted
  }
  return outcome
}

function asObject(value: JsonValue | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
}
