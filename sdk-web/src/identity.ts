/** Knows who the visitor is, and keeps it across pages where the browser allows. */

import { mintAnonymousId } from './ids.ts'
import type { Store } from './store.ts'

/** Keys in the page's `localStorage`. */
const ANONYMOUS_ID_KEY = 'millrace.anonymousId'
const USER_ID_KEY = 'millrace.userId'

/** Who the visitor is, as it goes with each event. */
export interface Ids {
  /** Undefined until the visitor is identified. */
  userId: string | undefined
  anonymousId: string
}

/** The identity of this page's visitor. */
export interface Identity {
  /** The present ids; the object changes with them. Storage is read once, at creation. */
  readonly ids: Readonly<Ids>
  identify(userId: string): void
  /** Forgets the user id and takes a new anonymous id. */
  reset(): void
}

/** Creates the identity from what is stored, with a new anonymous id where nothing is. */
export function createIdentity(store: Store): Identity {
  const ids: Ids = {
    userId: store.get(USER_ID_KEY) || undefined,
    anonymousId: store.get(ANONYMOUS_ID_KEY) || '',
  }

  function renew(): void {
    ids.anonymousId = mintAnonymousId()
    store.set(ANONYMOUS_ID_KEY, ids.anonymousId)
  }

  if (!ids.anonymousId) renew()
  return {
    ids,
    identify(userId) {
      ids.userId = userId
      store.set(USER_ID_KEY, userId)
    },
    reset() {
      ids.userId = undefined
      store.set(USER_ID_KEY, '')
      renew()
    },
  }
}
