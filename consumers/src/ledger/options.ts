/** What the ledger needs of the configuration: how long it can look at what is kept. */

import type { MillraceConfig } from '@millrace/schemas'

const DAY_SECONDS = 86_400

/** Name of the source that only development has. Source: DESIGN section 7. */
const DEVELOPMENT_SOURCE = 'dev'

/** Options of a run, by source and in seconds since 1970; a source whose rows are kept for ever is in neither. */
export interface LedgerOptions {
  /** Events of hours before this, by the client's clock, may be gone. */
  horizons: ReadonlyMap<string, number>
  /**
   * Minutes before this are not computed anew: what was refused or forgotten in them may be gone, and would be called missing.
   */
  floors: ReadonlyMap<string, number>
}

/**
 * Days by which each is moved: rows go by whole days, events by their corrected time, and those of the last day before the end
 * may have begun to go.
 */
const EVENTS_MARGIN_DAYS = 3
const QUARANTINE_MARGIN_DAYS = 1

/** @param nowMs milliseconds since 1970 */
export function readLedgerOptions({ sources, development }: MillraceConfig, nowMs: number): LedgerOptions {
  const all = [...sources, { ...development, name: DEVELOPMENT_SOURCE }]
  const now = Math.floor(nowMs / 1_000)
  const limits = (setting: 'eventsDays' | 'quarantineDays', marginDays: number) =>
    new Map(
      all.flatMap(({ name, retention }) => {
        const days = retention?.[setting]
        return days === undefined ? [] : [[name, now - (days - marginDays) * DAY_SECONDS] as const]
      }),
    )
  return {
    horizons: limits('eventsDays', EVENTS_MARGIN_DAYS),
    floors: limits('quarantineDays', QUARANTINE_MARGIN_DAYS),
  }
}
