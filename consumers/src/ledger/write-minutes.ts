/** The ledger of minutes: what collectors say they took, against what is here. */

import { TupleParam } from '@clickhouse/client-web'
import type { Parameters, Statements } from '@millrace/schemas/recompute'
import { CLAIMS } from './claims-sql.ts'
import { buildFound } from './found-sql.ts'
import { type KnownInFlight, type MinuteLimits, minuteKey, type SourceMinute } from './minutes.ts'

const COLUMNS = `(source, minute, received, accepted, quarantined, filtered, refused, refused_requests,
  stored, duplicates, not_storable, forgotten, in_flight, missing, overdue, spilled, dead)`

/** What was taken, and what of it is under way, by {@link CLAIMS}. */
const TAKEN = `
  total_accepted + total_quarantined + total_filtered + refused_events,
  toUInt64(own_accepted + gap_accepted) AS total_accepted,
  toUInt64(own_quarantined + gap_quarantined) AS total_quarantined,
  toUInt64(own_filtered + gap_filtered) AS total_filtered,
  refused_events, mapFilter((code, count) -> count > 0, refused_requests)`

/** What never came; what of that is in no queue and not in the bucket either is overdue. */
const NEVER_CAME = `
  toUInt64(parts_missing + gap_accepted) AS not_here,
  least(not_here, {spilled:Map(String, UInt64)}[concat(source, ' ', toString(minute))]) AS in_spill,
  least(toUInt64(not_here - in_spill), {dead:Map(String, UInt64)}[concat(source, ' ', toString(minute))]) AS in_dead,
  if(minute < {overdueBefore:UInt32}, toUInt64(not_here - in_spill - in_dead), 0) AS never_came`

function buildWrite(withErased: boolean): string {
  return `
INSERT INTO ledger_minutes ${COLUMNS}
WITH ${NEVER_CAME}
SELECT source, toDateTime(minute), ${TAKEN},
  f.stored, f.duplicates + repeated, f.not_storable, claims.forgotten + f.erased,
  not_here - never_came, f.missing + never_came, never_came, in_spill, in_dead
FROM (${CLAIMS}) AS claims
LEFT JOIN (${buildFound(withErased)}) AS f USING (source, minute)
${withErased ? '' : 'WHERE f.missing = 0'}`
}

const WRITE_FOUND = buildWrite(false)
const WRITE_ANY = buildWrite(true)

/**
 * Minutes whose ids are not kept any more: what was found stays as it was, and what came since counts as stored, because nobody
 * can look it up.
 */
const WRITE_OLD = `
INSERT INTO ledger_minutes ${COLUMNS}
WITH ${NEVER_CAME}, b.missing - b.overdue AS not_found, greatest(b.duplicates, repeated) AS copies, greatest(b.forgotten, claims.forgotten) AS gone
SELECT source, toDateTime(minute), ${TAKEN},
  toUInt64(greatest(toInt64(total_accepted) - toInt64(not_here + not_found + copies + b.not_storable + gone), 0)), copies, b.not_storable, gone,
  not_here - never_came, not_found + never_came, never_came, in_spill, in_dead
FROM (${CLAIMS}) AS claims
LEFT JOIN (
  SELECT source, toUnixTimestamp(minute) AS minute, duplicates, not_storable, forgotten, missing, overdue FROM ledger_minutes FINAL
  WHERE (source, minute) IN {places:Array(Tuple(String, UInt32))}
) AS b USING (source, minute)`

/** Minutes that were written since. */
const WRITTEN = `
SELECT source, toString(toUnixTimestamp(minute)) AS begin FROM ledger_minutes
WHERE minute >= toDateTime({from:UInt32}) AND minute < toDateTime({to:UInt32})
  AND source IN {sources:Array(String)} AND checked_at >= {startedAt:DateTime64(3, 'UTC')}`

/**
 * Computes minutes and writes them. First those of which every event is found; the others, of which there is mostly none, then
 * with what else may have become of an event: so that none is ever called missing before it was looked for everywhere.
 */
export async function writeMinutes(
  { run, read }: Statements,
  places: readonly SourceMinute[],
  known: KnownInFlight,
  limits: MinuteLimits,
): Promise<void> {
  const [clock] = await read<{ now: string }>("SELECT toString(now64(3, 'UTC')) AS now")
  const all = placeParameters(places, known, limits)
  await run(WRITE_FOUND, all)
  const rows = await read<{ source: string; begin: string }>(WRITTEN, {
    ...all,
    startedAt: clock?.now ?? '',
  })
  const written = new Set(rows.map(({ source, begin }) => minuteKey({ source, minute: Number(begin) })))
  const left = places.filter((place) => !written.has(minuteKey(place)))
  if (left.length > 0) await run(WRITE_ANY, placeParameters(left, known, limits))
}

/** Counts minutes anew that are too old for their events to be looked up. */
export async function writeOldMinutes(
  { run }: Pick<Statements, 'run'>,
  places: readonly SourceMinute[],
  known: KnownInFlight,
  limits: MinuteLimits,
): Promise<void> {
  await run(WRITE_OLD, placeParameters(places, known, limits))
}

/** They go in the address, so there is nothing in it that is of no use. */
function placeParameters(
  places: readonly SourceMinute[],
  { spilled, dead, isWhole }: KnownInFlight,
  { horizons, overdueBefore }: MinuteLimits,
): Parameters {
  const minutes = places.map(({ minute }) => minute)
  const keys = places.map(minuteKey)
  const sources = [...new Set(places.map(({ source }) => source))]
  const pick = <T>(all: ReadonlyMap<string, T>, names: readonly string[]) => {
    const wanted = new Set(names)
    return new Map([...all].filter(([name]) => wanted.has(name)))
  }
  return {
    spilled: pick(spilled, keys),
    dead: pick(dead, keys),
    horizons: pick(horizons, sources),
    overdueBefore: isWhole ? overdueBefore : 0,
    places: places.map(({ source, minute }) => new TupleParam([source, minute])),
    sources,
    from: Math.min(...minutes),
    to: Math.max(...minutes) + 60,
  }
}
