/** Knows what the visitor allows; what follows from it is left to others. */

import type { JsonObject } from '@millrace/schemas/wire'
import type { Consent, ConsentState } from './api.ts'

/** What the visitor allows, by purpose. */
export interface ConsentLedger {
  /** Of the purpose `analytics`. */
  state(): ConsentState
  /** Takes what was said of some purposes. Gives all. */
  change(consent: Consent): Consent
  /** `context.consent` in Segment's form; undefined as long as nothing was said. */
  describe(): JsonObject | undefined
}

/**
 * Creates the ledger.
 *
 * @param said so far
 * @param hasGpc whether the visitor's browser sends Global Privacy Control, and the page heeds it: who has said nothing
 *   else is then denied
 */
export function createConsent(said: Consent, hasGpc: boolean): ConsentLedger {
  return {
    // What is not understood is no consent.
    state: () => {
      const state = said['analytics'] ?? (hasGpc ? 'denied' : 'granted')
      return state === 'granted' || state === 'pending' ? state : 'denied'
    },
    change: (consent) => (said = { ...said, ...consent }),
    describe() {
      let categoryPreferences: JsonObject | undefined
      for (const [purpose, state] of Object.entries(said)) {
        if (state !== 'pending')
          categoryPreferences = { ...categoryPreferences, [purpose]: state === 'granted' }
      }
      return categoryPreferences && { categoryPreferences }
    },
  }
}
