/** What differs between runtimes, and what the spool and the client know of each other. Types only. */

import type { Settings } from './options.ts'
import type { Outbox } from './outbox.ts'
import type { SpoolTrouble } from './spool/trouble.ts'
import type { Timers } from './timers.ts'

/** The runtime that a client is for. */
export interface Platform {
  /** Gzip of a text; absent where the runtime has none. */
  gzip?: ((text: string) => Promise<ArrayBuffer>) | undefined
  /** Opens the spool, when the options ask for one. */
  openSpool?: ((wiring: SpoolWiring) => Outbox) | undefined
  /** Whether signals are handled. */
  handleSignals?: boolean | undefined
}

/** What a spool needs of the client. The callbacks are called when the client stands, never while the spool is opened. */
export interface SpoolWiring {
  settings: Settings
  /** Id of the client's stream. */
  stream: string
  timers: Timers
  onTrouble: (trouble: SpoolTrouble) => void
  /** There is something to send that no call brought. */
  onWork: () => void
}
