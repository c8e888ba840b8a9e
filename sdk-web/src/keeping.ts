/** Everything that a page of one source keeps in the browser, behind one door: whether it may. What it is for is left to others. */

import type { Identity } from './identity.ts'
import { createIdentity } from './identity.ts'
import type { Outbox } from './outbox.ts'
import { createOutbox } from './outbox.ts'
import type { SessionSettings, Sessions } from './session.ts'
import { createSessions } from './session.ts'
import type { Store } from './store.ts'
import { createStore } from './store.ts'
import type { StreamEndNote } from './stream-end.ts'
import { createStreamEndNote } from './stream-end.ts'

/** What is kept. As long as the door is shut, nothing is read or written, and everything lives as long as the page. */
export interface Keeping {
  /** The door. What is kept stays when it is shut. */
  isOpen: boolean
  /** Removes everything, and shuts the door. */
  wipe(): void
  /** What the tabs of the origin share. */
  store: Store
  identity: Identity
  sessions: Sessions
  outbox: Outbox
  note: StreamEndNote
}

/** Creates it with the door shut. */
export function createKeeping(writeKey: string, settings: SessionSettings, now: () => number): Keeping {
  const isOpen = () => keeping.isOpen
  const store = createStore(() => localStorage, isOpen)
  const ofTab = createStore(() => sessionStorage, isOpen)
  const identity = createIdentity(store, document, isOpen, now)
  const outbox = createOutbox(writeKey, store, () => (isOpen() ? indexedDB : undefined), now)
  const sessions = createSessions(store, settings)
  const keeping: Keeping = {
    isOpen: false,
    wipe() {
      keeping.isOpen = true
      outbox.destroy()
      for (const area of [store, ofTab]) {
        for (const key of area.list('')) {
          // What another source has yet to deliver is not ours to remove.
          if (!key.startsWith('outbox.') || key.startsWith(`outbox.${writeKey}.`)) area.keep(key)
        }
      }
      identity.forget()
      sessions.forget()
      keeping.isOpen = false
    },
    store,
    identity,
    sessions,
    outbox,
    note: createStreamEndNote(ofTab, writeKey),
  }
  return keeping
}
