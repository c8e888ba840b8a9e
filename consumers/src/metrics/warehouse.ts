/** What ClickHouse knows: the books, the gaps, the heartbeat. Four small statements, over tables of a row an hour or a stream. */

import type { Statements } from '@millrace/schemas/recompute'
import type { Family, Sample } from './text.ts'

type Row = Record<string, string | number | null>

/**
 * Since the month began: a counter that begins anew is what Prometheus expects of one now and then, and one that lost an old
 * hour to a retention would look like millions of new events.
 */
const SINCE = "toDateTime(toStartOfMonth(now('UTC')), 'UTC')"

const LEDGER = `SELECT source, sum(received) AS received, sum(accepted) AS accepted, sum(quarantined) AS quarantined,
  sum(filtered) AS filtered, sum(refused) AS refused, sum(stored) AS stored, sum(duplicates) AS duplicate,
  sum(not_storable) AS not_storable, sum(forgotten) AS forgotten, sum(in_flight) AS in_flight, sum(missing) AS missing
FROM ledger WHERE hour >= ${SINCE} GROUP BY source ORDER BY source`

const REFUSED = `SELECT source, code, sum(requests) AS requests FROM
(
  SELECT source, arrayJoin(mapKeys(refused_requests)) AS code, refused_requests[code] AS requests
  FROM ledger WHERE hour >= ${SINCE}
)
GROUP BY source, code ORDER BY source, code`

/** A source without gaps has none, which is known. */
const GAPS = `SELECT source, sum(gap) AS missing, countIf(gap > 0) AS streams, sum(drops) AS dropped FROM
(
  SELECT source, missing AS gap, dropped AS drops FROM delivery_gaps WHERE last_received_at >= now() - INTERVAL 1 DAY
  UNION ALL
  SELECT DISTINCT source, 0 AS gap, 0 AS drops FROM ledger WHERE hour >= ${SINCE}
)
GROUP BY source ORDER BY source`

const HEARTBEAT = `SELECT period, stage, objective_ms, p50_ms, p95_ms, p99_ms, within_objective,
  toUnixTimestamp64Milli(last_sent_at) AS last_sent_ms
FROM heartbeat_objectives`

/** What became of received events, as the ledger has it. */
const OUTCOMES = ['received', 'accepted', 'quarantined', 'filtered', 'refused'] as const

/** What became of accepted ones. */
const STATES = ['stored', 'duplicate', 'not_storable', 'forgotten', 'in_flight', 'missing'] as const

/** What is asked, each by itself: one that fails costs the others nothing. */
export const WAREHOUSE_PARTS: Record<string, (read: Statements['read']) => Promise<Family[]>> = {
  ledger: async (read) => describeLedger(await read<Row>(LEDGER)),
  refused: async (read) => [
    {
      name: 'millrace_requests_refused_total',
      help: 'Requests refused whole, since the month began (UTC).',
      type: 'counter',
      samples: (await read<Row>(REFUSED)).map(({ source, code, requests }) =>
        sampleOf(requests, { source: String(source), code: String(code) }),
      ),
    },
  ],
  gaps: async (read) => describeGaps(await read<Row>(GAPS)),
  heartbeat: async (read) => describeHeartbeat(await read<Row>(HEARTBEAT)),
}

function describeLedger(rows: readonly Row[]): Family[] {
  const bySource = (column: string, labels: Record<string, string>) =>
    rows.map((row) => sampleOf(row[column], { source: String(row['source']), ...labels }))
  return [
    {
      name: 'millrace_events_total',
      help: 'Events by what the collector decided, since the month began (UTC). received is the sum of the others.',
      type: 'counter',
      samples: OUTCOMES.flatMap((outcome) => bySource(outcome, { outcome })),
    },
    {
      name: 'millrace_ledger_events',
      help: 'What became of accepted events, since the month began (UTC). missing is what nothing explains.',
      type: 'gauge',
      samples: STATES.flatMap((state) => bySource(state, { state })),
    },
  ]
}

function describeGaps(rows: readonly Row[]): Family[] {
  const of = (column: string) => rows.map((row) => sampleOf(row[column], { source: String(row['source']) }))
  const gauge = (name: string, help: string, column: string): Family => ({
    ...{ name, help, type: 'gauge', samples: of(column) },
  })
  return [
    gauge('millrace_gap_events', 'Numbered events of the last day that never came.', 'missing'),
    gauge('millrace_gap_streams', 'Streams of the last day with such gaps.', 'streams'),
    gauge(
      'millrace_client_dropped_events',
      'Events of the last day that clients say they dropped.',
      'dropped',
    ),
  ]
}

const QUANTILES = [
  ['p50_ms', '0.5'],
  ['p95_ms', '0.95'],
  ['p99_ms', '0.99'],
] as const

function describeHeartbeat(rows: readonly Row[]): Family[] {
  const labels = ({ stage, period }: Row) => ({ stage: String(stage), period: String(period) })
  const known = (row: Row, column: string, more: Record<string, string>, divisor: number) => {
    const value = row[column]
    return value === null || value === undefined
      ? []
      : [{ labels: { ...labels(row), ...more }, value: Number(value) / divisor }]
  }
  const last = rows.map(({ last_sent_ms: at }) => Number(at)).filter((at) => at > 0)
  return [
    {
      name: 'millrace_heartbeat_seconds',
      help: 'From sending a heartbeat to each stage, over the last hour and day.',
      type: 'gauge',
      samples: rows.flatMap((row) =>
        QUANTILES.flatMap(([column, quantile]) => known(row, column, { quantile }, 1_000)),
      ),
    },
    {
      name: 'millrace_heartbeat_within_objective_ratio',
      help: 'Share of the heartbeats that were at each stage in time, from 0 to 1.',
      type: 'gauge',
      samples: rows.flatMap((row) => known(row, 'within_objective', {}, 1)),
    },
    {
      name: 'millrace_heartbeat_objective_seconds',
      help: 'In what time a heartbeat has to be at each stage.',
      type: 'gauge',
      samples: rows
        .filter(({ period }) => period === '24h')
        .map((row) => ({
          labels: { stage: String(row['stage']) },
          value: Number(row['objective_ms']) / 1_000,
        })),
    },
    {
      name: 'millrace_heartbeat_last_sent_timestamp_seconds',
      help: 'When the last heartbeat was sent that ClickHouse was told of.',
      type: 'gauge',
      samples: last.length === 0 ? [] : [{ value: Math.max(...last) / 1_000 }],
    },
  ]
}

function sampleOf(value: string | number | null | undefined, labels: Record<string, string>): Sample {
  return { labels, value: Number(value ?? 0) }
}
