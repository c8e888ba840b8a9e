/** When closed windows go to ClickHouse: once a minute, one delivery at a time, and sooner again when one did not get through. */

import { describeError } from '@millrace/schemas/native'
import { deliverClosed, type InsertJson } from './closed-windows.ts'
import type { Undelivered } from './window-table.ts'

/** Time between two deliveries. */
const DELIVER_MS = 60_000

/** After ClickHouse did not take one. */
const DELIVER_AGAIN_MS = 30_000

/** What it works with. */
export interface ClosedDeliveryEffects {
  source: string
  undelivered: () => readonly Undelivered[]
  insert: () => InsertJson
  /** Called before windows are read, and after they are marked: their version must be known before anyone is told of it. */
  settle: () => void
  /** Called when they are marked; otherwise the same rows would be written again after a restart. */
  save: () => void
  now: () => number
  log: (record: Record<string, unknown>) => void
}

/** The deliveries of one object. */
export interface ClosedDelivery {
  isDue: () => boolean
  /** For how long deliveries have failed; 0 when the last one got through, or when nothing waits any more. */
  failingMs: () => number
  /** Never rejects; what did not get through is logged, and goes with the next. */
  deliver: () => Promise<void>
}

export function createClosedDelivery(effects: ClosedDeliveryEffects): ClosedDelivery {
  const { source, undelivered, insert, settle, save, now, log } = effects
  let deliveredAt = 0
  let isDelivering = false
  let failingSince: number | undefined
  return {
    failingMs: () => (failingSince === undefined || undelivered().length === 0 ? 0 : now() - failingSince),
    isDue: () => now() - deliveredAt >= DELIVER_MS,
    async deliver() {
      if (isDelivering) return
      if (undelivered().length === 0) {
        // What waited was forgotten: what comes next fails, if it does, from then on.
        failingSince = undefined
        return
      }
      isDelivering = true
      const startedAt = now()
      settle()
      try {
        let refused = 0
        const hasMore = await deliverClosed(source, undelivered(), insert(), ({ name, start }, error) => {
          refused += 1
          // One line a delivery.
          if (refused > 1) return
          log({
            level: 'error',
            event: 'live_window_refused',
            source,
            name,
            start,
            error: describeError(error),
          })
        })
        deliveredAt = hasMore && refused === 0 ? 0 : startedAt
        failingSince = refused === 0 ? undefined : (failingSince ?? startedAt)
        save()
      } catch (error) {
        log({ level: 'warn', event: 'live_windows_undelivered', source, error: describeError(error) })
        deliveredAt = startedAt - DELIVER_MS + DELIVER_AGAIN_MS
        failingSince ??= startedAt
      } finally {
        isDelivering = false
      }
    },
  }
}
