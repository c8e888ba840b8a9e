/** From the collector's clock to ClickHouse's: how long events took, outside of faults and within them. */

import type { FaultRecord, Soak } from './soak.ts'
import type { Query } from './stack/load-stack.ts'

/** Milliseconds from `received_at` to `inserted_at`. */
export interface Delays {
  events: number
  quantiles: [p50: number, p95: number, p99: number]
}

/** Stretch of time, milliseconds since 1970. */
type Span = readonly [fromMs: number, untilMs: number]

const MARGIN_MS = 5_000

/** Delays of events that were received in a soak while nothing was broken or caught up with. */
export function readQuietDelays(query: Query, { fromMs, untilMs, faults }: Soak): Promise<Delays> {
  return readDelays(query, quietSpans([fromMs, untilMs], faults.map(spanOf)))
}

/** Delays of events that were received from a fault's beginning until all was caught up with. */
export function readFaultDelays(query: Query, faults: readonly FaultRecord[]): Promise<Delays> {
  return readDelays(query, faults.map(spanOf))
}

/** When the last event was inserted that was received while ClickHouse was away; milliseconds since 1970. */
export async function readCaughtUp(query: Query, { fromMs, backMs }: FaultRecord): Promise<number> {
  const [row] = await query<{ at: number }>(
    `SELECT toFloat64(toUnixTimestamp64Milli(max(inserted_at))) AS at FROM events FINAL WHERE ${isWithin([[fromMs, backMs]])}`,
  )
  return row?.at ?? Number.NaN
}

/** What is left of a span without others; those are in order. */
export function quietSpans([fromMs, untilMs]: Span, faults: readonly Span[]): Span[] {
  const starts = [fromMs, ...faults.map(([, until]) => until)]
  const ends = [...faults.map(([from]) => from), untilMs]
  return starts.map((start, i): Span => [start, ends[i] ?? start]).filter(([start, end]) => end > start)
}

/** What came just before a fault waits in the queue when it begins, and a backlog that is small may have old events in it. */
function spanOf({ fromMs, backMs, calmMs = backMs }: FaultRecord): Span {
  return [fromMs - MARGIN_MS, calmMs + MARGIN_MS]
}

async function readDelays(query: Query, spans: readonly Span[]): Promise<Delays> {
  const [row] = await query<{ events: number; quantiles: (number | null)[] }>(`
SELECT toFloat64(count()) AS events, quantilesExact(0.5, 0.95, 0.99)(toFloat64(dateDiff('millisecond', received_at, inserted_at))) AS quantiles
FROM events FINAL WHERE ${isWithin(spans)}`)
  // Of no events ClickHouse gives no numbers.
  const [p50, p95, p99] = (row?.quantiles ?? []).map((ms) => ms ?? Number.NaN)
  return { events: row?.events ?? 0, quantiles: [p50 ?? Number.NaN, p95 ?? Number.NaN, p99 ?? Number.NaN] }
}

function isWithin(spans: readonly Span[]): string {
  if (spans.length === 0) return 'false'
  const at = 'toUnixTimestamp64Milli(received_at)'
  return spans
    .map(([from, until]) => `${at} BETWEEN ${Math.round(from)} AND ${Math.round(until)}`)
    .join(' OR ')
}
