/** What the objects know that keep live windows: counts that only grow, lags, who watches, and how inserts went. */

import { addInsertTimes, createInsertTimes, INSERT_BOUNDS_S, type InsertTimes } from '../live/insert-times.ts'
import type { LiveMetrics } from '../live/rpc.ts'
import { SINK_NAMES } from '../sink.ts'
import type { Family, Sample } from './text.ts'

/** That nothing failed is known, and a rate needs a beginning. */
const NO_RETRIES = Object.fromEntries(SINK_NAMES.map((name) => [name, 0]))

/** Metrics of the objects that answered, by source. */
export function describeLive(bySource: ReadonlyMap<string, LiveMetrics>): Family[] {
  const all = [...bySource]
  const each = (read: (live: LiveMetrics) => number | null): Sample[] =>
    all.flatMap(([source, live]) => {
      const value = read(live)
      return value === null ? [] : [{ labels: { source }, value }]
    })
  const byName = (label: string, read: (live: LiveMetrics) => Record<string, number>): Sample[] =>
    all.flatMap(([source, live]) =>
      Object.entries(read(live)).map(([name, value]) => ({ labels: { source, [label]: name }, value })),
    )
  const counter = (name: string, help: string, samples: Sample[]): Family => ({
    ...{ name, help, type: 'counter', samples },
  })
  const gauge = (name: string, help: string, samples: Sample[]): Family => ({
    ...{ name, help, type: 'gauge', samples },
  })
  return [
    counter(
      'millrace_live_events_total',
      'Events that live windows counted.',
      each(({ totals }) => totals.events),
    ),
    counter(
      'millrace_quarantined_events_total',
      'Refused events by reason.',
      byName('reason', ({ totals }) => totals.quarantined),
    ),
    counter(
      'millrace_omitted_events_total',
      'Events left out by reason: filtered, or repeated in their batch.',
      byName('reason', ({ totals }) => totals.omitted),
    ),
    counter(
      'millrace_late_events_total',
      'Events that came too late for live windows; the warehouse has them.',
      each(({ totals }) => totals.late),
    ),
    counter(
      'millrace_duplicate_events_total',
      'Copies of events that live windows had counted.',
      each(({ totals }) => totals.duplicates),
    ),
    counter(
      'millrace_sink_retries_total',
      'Deliveries that failed in a sink and are tried again.',
      byName('sink', ({ totals }) => ({ ...NO_RETRIES, ...totals.retries })),
    ),
    gauge(
      'millrace_stage_lag_seconds',
      'How far behind what is received each stage is; for heartbeat, for how long beats have not been in time.',
      all.flatMap(([source, { health }]) =>
        health.stages.flatMap(({ stage, lagMs }) =>
          lagMs === null ? [] : [{ labels: { source, stage }, value: lagMs / 1_000 }],
        ),
      ),
    ),
    gauge(
      'millrace_window_lag_seconds',
      'How far behind the clock live windows are closed, the allowed lateness included.',
      each(({ watermarkLagMs }) => (watermarkLagMs === null ? null : watermarkLagMs / 1_000)),
    ),
    gauge(
      'millrace_watchers',
      'Connections that watch live now.',
      each(({ watchers }) => watchers),
    ),
    ...describeInserts(all.map(([, { totals }]) => totals.inserts)),
  ]
}

/** Of all sources together: an insert has events of several. */
function describeInserts(some: readonly InsertTimes[]): Family[] {
  const total = createInsertTimes()
  for (const times of some) addInsertTimes(total, times)
  if (some.length === 0) return []
  const { buckets, ms, rows, failed } = total
  let count = 0
  const cumulative = buckets.map((bucket, place): Sample => {
    count += bucket
    const le = place < INSERT_BOUNDS_S.length ? String(INSERT_BOUNDS_S[place]) : '+Inf'
    return { suffix: '_bucket', labels: { le }, value: count }
  })
  return [
    {
      name: 'millrace_insert_seconds',
      help: 'How long inserts of events into ClickHouse took.',
      type: 'histogram',
      samples: [...cumulative, { suffix: '_sum', value: ms / 1_000 }, { suffix: '_count', value: count }],
    },
    {
      name: 'millrace_insert_rows_total',
      help: 'Rows of these inserts; divided by their count it is the size of one.',
      type: 'counter',
      samples: [{ value: rows }],
    },
    {
      name: 'millrace_inserts_failed_total',
      help: 'Inserts of events that ClickHouse did not take.',
      type: 'counter',
      samples: [{ value: failed }],
    },
  ]
}
