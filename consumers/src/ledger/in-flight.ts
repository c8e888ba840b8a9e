/** Counts what is in flight where it can be counted: the spill and the dead letters, by what their metadata says. */

import { DEAD_PREFIX, isDeadLetterKey, SPILL_PREFIX } from '@millrace/schemas'
import type { Statements } from '@millrace/schemas/recompute'
import { type LakeBucket, listAll } from '../lake/bucket.ts'
import { type KnownInFlight, minuteKey, type SourceMinute } from './minutes.ts'

/** Objects that are looked at in each place; of what is beyond, nothing is known, and then nothing is called overdue. */
const MAX_OBJECTS = 2_000

const MINUTE_MS = 60_000

/** Before anybody has looked. */
export const NOTHING_KNOWN: KnownInFlight = { spilled: new Map(), dead: new Map(), isWhole: false }

/**
 * Minutes with something in flight. The older they are the more seldom are they due: what comes in has them computed anyway, and
 * a backlog of days would take longer each minute than a minute.
 */
const IN_FLIGHT = `
SELECT source, toString(toUnixTimestamp(minute)) AS begin, overdue > 0 AS is_overdue,
  checked_at < now64(3) - toIntervalSecond(least(1800, intDiv(dateDiff('second', minute, now()), 30))) AS is_due
FROM ledger_minutes FINAL
WHERE (in_flight > 0 OR overdue > 0) AND minute >= now() - INTERVAL {reachHours:UInt32} HOUR`

/** What is in flight, or overdue. */
export interface InFlightMinutes {
  isAny: boolean
  all: SourceMinute[]
  /** Those that were not looked at for long. */
  due: SourceMinute[]
  /** Keys of those with something that is in no place. */
  overdue: ReadonlySet<string>
}

/** Asks the ledger as it is. */
export async function findInFlight(
  { read }: Pick<Statements, 'read'>,
  reachHours: number,
): Promise<InFlightMinutes> {
  const rows = await read<{ source: string; begin: string; is_overdue: Flag; is_due: Flag }>(IN_FLIGHT, {
    reachHours,
  })
  const all = rows.map(({ source, begin, is_overdue, is_due }) => ({
    place: { source, minute: Number(begin) },
    isOverdue: Number(is_overdue) === 1,
    isDue: Number(is_due) === 1,
  }))
  return {
    isAny: all.length > 0,
    all: all.map(({ place }) => place),
    due: all.filter(({ isDue }) => isDue).map(({ place }) => place),
    overdue: new Set(all.filter(({ isOverdue }) => isOverdue).map(({ place }) => minuteKey(place))),
  }
}

/** ClickHouse's Bool or UInt8. */
type Flag = number | boolean

/** Events by source and minute of receipt. */
export async function countInFlight(bucket: Pick<LakeBucket, 'list'>): Promise<KnownInFlight> {
  const spilled = await countEvents(bucket, SPILL_PREFIX, () => true)
  // A letter that only another sink refused is stored all the same.
  const dead = await countEvents(bucket, DEAD_PREFIX, (key, { sink }) => {
    return isDeadLetterKey(key) && (sink === 'warehouse' || sink === '' || sink === undefined)
  })
  return { spilled: spilled.counts, dead: dead.counts, isWhole: spilled.isWhole && dead.isWhole }
}

async function countEvents(
  bucket: Pick<LakeBucket, 'list'>,
  prefix: string,
  isCounted: (key: string, metadata: Record<string, string>) => boolean,
): Promise<{ counts: Map<string, number>; isWhole: boolean }> {
  const counts = new Map<string, number>()
  let looked = 0
  let isWhole = true
  for await (const { key, customMetadata = {} } of listAll(bucket, { prefix, include: ['customMetadata'] })) {
    looked += 1
    if (looked > MAX_OBJECTS) return { counts, isWhole: false }
    if (!isCounted(key, customMetadata)) continue
    const { source, accepted, takenAt } = customMetadata
    const minute = (Math.floor(Number(takenAt) / MINUTE_MS) * MINUTE_MS) / 1_000
    if (source === undefined || !Number.isFinite(minute) || !Number.isFinite(Number(accepted))) {
      // An earlier release wrote it: nobody knows of when it is.
      isWhole = false
      continue
    }
    const place = minuteKey({ source, minute })
    counts.set(place, (counts.get(place) ?? 0) + Number(accepted))
  }
  return { counts, isWhole }
}
