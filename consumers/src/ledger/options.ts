/** What the ledger needs of the configuration: of which sources it looks for what vanishes, and what goes as it should. */

import { HEARTBEAT_SOURCE, type MillraceConfig } from '@millrace/schemas'

const DAY_SECONDS = 86_400

/** Name of the source that only development has. Source: DESIGN section 7. */
const DEVELOPMENT_SOURCE = 'dev'

/** Options of a run. */
export interface LedgerOptions {
  /**
   * Sources that are looked at again later; what is deleted of one that is not configured any more goes by what was configured
   * when it was, which nobody knows.
   */
  sources: readonly string[]
  /**
   * By source, in seconds since 1970: events of days before this, by their corrected time, may be gone. A source whose events are
   * kept for ever is not in it.
   */
  horizons: ReadonlyMap<string, number>
}

/** Days of events before their end that may be gone already: theirs is told by the day, and clocks differ. */
const MARGIN_DAYS = 1

/** @param nowMs milliseconds since 1970 */
export function readLedgerOptions({ sources, development }: MillraceConfig, nowMs: number): LedgerOptions {
  const all = [...sources, { ...development, name: DEVELOPMENT_SOURCE }]
  const now = Math.floor(nowMs / 1_000)
  return {
    sources: [...all.map(({ name }) => name), HEARTBEAT_SOURCE],
    horizons: new Map(
      all.flatMap(({ name, retention }) => {
        const days = retention?.eventsDays
        return days === undefined ? [] : [[name, now - (days - MARGIN_DAYS) * DAY_SECONDS] as const]
      }),
    ),
  }
}
