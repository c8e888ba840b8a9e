/** The spool as a client needs it: its settings and wiring turned into the spool's own options. */

import type { Outbox } from '../outbox.ts'
import type { SpoolWiring } from '../platform.ts'
import type { SpoolSettings } from '../spool-options.ts'
import { openSpool } from './open-spool.ts'

/** @throws Error when the directory cannot be made or written */
export function openSpoolFor(spool: SpoolSettings, { settings, onTrouble, ...wiring }: SpoolWiring): Outbox {
  const { url, key, maxQueueBytes, randomId, now } = settings
  // A key never holds a space, so that no two destinations are the same text.
  const destination = `${url} ${key}`
  return openSpool({
    ...spool,
    ...wiring,
    destination,
    maxQueueBytes,
    randomId,
    now,
    // In a moment: a listener that tracks an event must not find the spool in the middle of adding one.
    onTrouble: (trouble) => queueMicrotask(() => onTrouble(trouble)),
  })
}
