/** Words for a collector that cannot be reached: a wrong address would not show otherwise. */

import type { Settlement } from './delivery.ts'
import type { Ledger } from './ledger.ts'
import type { RetryNotice } from './news.ts'
import type { Pace } from './pace.ts'
import { countOf, type Telling } from './telling.ts'

export interface Outage {
  /** A request failed. Told once it has been three in a row, and not again until a batch is delivered. */
  noteRetry(notice: RetryNotice): void
  noteDelivered(): void
  /** What was cut off ends with why it had not been delivered by then. */
  explain(settlement: Settlement): Settlement
}

export function createOutage({
  pace,
  ledger,
  telling,
}: {
  pace: Pace
  ledger: Ledger
  telling: Telling
}): Outage {
  let lastTrouble: string | undefined
  let isTold = false

  return {
    noteRetry({ message, status }) {
      lastTrouble = message
      if (isTold || !pace.isBroken()) return
      isTold = true
      const pending = ledger.pendingCount()
      // What was recovered is not among them.
      const who = pending === 0 ? 'what an earlier process left' : countOf(pending)
      const waiting = `${who} ${pending > 1 ? 'wait' : 'waits'} and will be tried again`
      const what = `three requests in a row failed, the last with: ${message}; ${waiting}`
      telling.report(what, { code: 'unreachable', dropped: 0, status })
    },
    noteDelivered() {
      isTold = false
      lastTrouble = undefined
    },
    explain(settlement) {
      if (settlement.ok || settlement.reason !== 'cut' || lastTrouble === undefined) return settlement
      return { ...settlement, message: `${settlement.message}; the last request failed with: ${lastTrouble}` }
    },
  }
}
