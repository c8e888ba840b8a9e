/** Computes any number of minutes, in as many statements as it takes. */

import type { Statements } from '@millrace/schemas/recompute'
import { createAttempts } from './attempts.ts'
import { cutByEvents, cutByTime } from './cut.ts'
import { type KnownInFlight, type MinuteLimits, minuteKey, type SourceMinute } from './minutes.ts'
import { writeMinutes, writeOldMinutes } from './write-minutes.ts'

/** Limits of a run. */
export interface RunLimits extends MinuteLimits {
  /** The events of minutes before this cannot be looked up any more, in seconds since 1970. */
  oldBefore: number
}

const EVENTS = `
SELECT source, toString(toUnixTimestamp(toStartOfMinute(taken_at))) AS begin, toString(sum(accepted)) AS events FROM receipts
WHERE taken_at >= toDateTime64({from:UInt32}, 3, 'UTC') AND taken_at < toDateTime64({to:UInt32}, 3, 'UTC')
GROUP BY source, begin`

/**
 * Writes them, each once.
 *
 * @throws what failed, when all that could be computed is
 */
export async function writeAll(
  statements: Statements,
  places: readonly SourceMinute[],
  known: KnownInFlight,
  limits: RunLimits,
): Promise<void> {
  // The others are computed all the same; the next run finds those that could not be again.
  const { attempt, end } = createAttempts()
  const each = [...new Map(places.map((place) => [minuteKey(place), place])).values()]
  for (const some of cutByTime(each.filter(({ minute }) => minute < limits.oldBefore)))
    await attempt(() => writeOldMinutes(statements, some, known, limits))
  for (const near of cutByTime(each.filter(({ minute }) => minute >= limits.oldBefore)))
    await attempt(async () => {
      for (const some of cutByEvents(near, await countEvents(statements, near)))
        await attempt(() => writeMinutes(statements, some, known, limits))
    })
  end()
}

/** Events that were accepted, by {@link minuteKey}, of minutes that lie near each other. */
async function countEvents(
  { read }: Pick<Statements, 'read'>,
  places: readonly SourceMinute[],
): Promise<Map<string, number>> {
  if (places.length === 1) return new Map()
  const minutes = places.map(({ minute }) => minute)
  const rows = await read<{ source: string; begin: string; events: string }>(EVENTS, {
    from: Math.min(...minutes),
    to: Math.max(...minutes) + 60,
  })
  return new Map(
    rows.map(({ source, begin, events }) => [minuteKey({ source, minute: Number(begin) }), Number(events)]),
  )
}
