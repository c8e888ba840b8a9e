/** The real stack says how it is: heartbeats through it, `/metrics`, the log, and the dashboards over both. */

import { traceOf } from '@millrace/schemas'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMetricsText } from '../../consumers/src/metrics/read-text.ts'
import { configPlugin } from '../support/configured-stack.ts'
import { fillInSql, listMetrics, listQueries, readDashboard } from '../support/grafana.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'
import { withWorkerBundle } from '../support/worker-bundle.ts'

const TOKEN = 'token-of-prometheus'
const entry = "export { LiveAggregator, default } from './worker.ts'"

interface BeatRow {
  message_id: string
  door: string
  answered_ms: number | null
  live_ms: number | null
  warehouse_ms: number | null
  lake_ms: number | null
  state: string
}

let stack: TestStack

beforeAll(async () => {
  const variables = { METRICS_TOKEN: TOKEN, MILLRACE_HEARTBEAT: 'on', SHOP_READ_TOKEN: 'shop-read' }
  stack = await withWorkerBundle({ entry, plugins: [configPlugin('observed')] }, (scriptPath) =>
    startTestStack({ scriptPath, variables }),
  )
})
afterAll(() => stack.stop())

const BEATS = 'SELECT * FROM heartbeats FINAL ORDER BY sent_at'
const readBeats = () => stack.query<BeatRow>(BEATS)
const scrape = (token = TOKEN) =>
  fetch(`${stack.worker.url}/metrics`, { headers: { authorization: `Bearer ${token}` } })
const readMetrics = async () => readMetricsText(await (await scrape()).text())
/** The value that a sample has, once what it is of was gathered anew. */
const waitForMetric = (sample: string, isGood: (value: number) => boolean) =>
  waitFor(
    async () => (await readMetrics()).get(sample.replace(/\{.*/, ''))?.samples.get(sample) ?? -1,
    isGood,
    60_000,
  )
const post = async (body: object) => (await stack.post({ writeKey: 'wk_shop', ...body })).status
const events = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, i) => ({
    ...{ type: 'track', event: 'Seen', messageId: `${prefix}${i}`, anonymousId: 'somebody' },
  }))

describe('the heartbeat', () => {
  it('goes through the whole pipeline, and its times land in ClickHouse', async () => {
    const isWhole = ({ live_ms, warehouse_ms, lake_ms }: BeatRow) =>
      live_ms !== null && warehouse_ms !== null && lake_ms !== null
    await waitFor(
      async () => {
        await stack.worker.triggerCron()
        return readBeats()
      },
      (rows) => rows.some(isWhole),
      60_000,
    )
    const [beat] = (await readBeats()).filter(isWhole)
    expect(beat).toMatchObject({ door: 'inside' })
    expect(beat?.answered_ms).toBeGreaterThanOrEqual(0)
    // The queue waits for up to a second before anything is counted, and the lake for the cron.
    expect(beat?.live_ms).toBeGreaterThan(beat?.answered_ms ?? 0)
    expect(beat?.lake_ms).toBeGreaterThan(beat?.warehouse_ms ?? 0)
    expect(['ok', 'late']).toContain(beat?.state)
    const stored = await stack.query<{ source: string; event: string }>(
      'SELECT source, event FROM events FINAL WHERE message_id = {id:String}',
      { id: beat?.message_id },
    )
    expect(stored).toEqual([{ source: 'heartbeat', event: 'Heartbeat' }])
    const windows = 'SELECT count() AS count FROM live_windows WHERE source = {source:String}'
    expect(await stack.query(windows, { source: 'heartbeat' })).toEqual([{ count: 0 }])
  })

  it('has objectives that a view judges', async () => {
    const rows = await stack.query<{
      period: string
      stage: string
      beats: string
      within_objective: number
    }>('SELECT * FROM heartbeat_objectives')
    expect(rows.map(({ period, stage }) => `${period} ${stage}`)).toEqual(
      ['1h', '24h'].flatMap((period) =>
        ['answered', 'live', 'warehouse', 'lake'].map((stage) => `${period} ${stage}`),
      ),
    )
    const lake = rows.find(({ stage }) => stage === 'lake')
    expect(lake).toMatchObject({ objective_ms: 900_000, within_objective: 1 })
  })

  it('is in nobody else’s numbers, and nobody can send one', async () => {
    const others = await stack.query(
      "SELECT source FROM events WHERE event = 'Heartbeat' AND source != 'heartbeat'",
    )
    expect(others).toEqual([])
    const forged = { batch: [{ type: 'track', event: 'Heartbeat', anonymousId: 'x' }] }
    expect(await post({ ...forged, writeKey: 'heartbeat' })).toBe(401)
    expect(await post({ ...forged, source: 'heartbeat' })).toBe(403)
    expect(await post({ ...forged, writeKey: `hb_${'0'.repeat(64)}` })).toBe(401)
    expect(stack.workerLog.join('\n')).not.toContain('hb_')
  })
})

describe('/metrics', () => {
  it('is for who has the token', async () => {
    expect((await scrape('shop-read')).status).toBe(401)
    expect((await fetch(`${stack.worker.url}/metrics`)).status).toBe(401)
  })

  it('has what became of events, and agrees with the ledger', async () => {
    // Of each kind something: accepted, repeated, quarantined, filtered, refused whole, and a gap of seven.
    const [first] = events(1, 'twice')
    expect(await post({ batchId: 'seen', batch: [...events(5, 'a'), first, first] })).toBe(200)
    expect(await post({ batch: [{ type: 'track' }] })).toBe(200)
    expect(await post({ batch: 'none' })).toBe(400)
    const numbered = { stream: 'c0ffee00c0ffee00', batch: [{ type: 'page', anonymousId: 'somebody' }] }
    expect(await post({ ...numbered, firstSeq: 1 })).toBe(200)
    expect(await post({ ...numbered, firstSeq: 9 })).toBe(200)
    await waitFor(
      () => stack.query<{ count: string }>("SELECT count() AS count FROM receipts WHERE source = 'shop'"),
      ([row]) => Number(row?.count) >= 4,
    )
    // The books are closed by the runs of the cron that come after.
    await waitFor(
      async () => {
        await stack.worker.triggerCron()
        return stack.query<{ gaps: number }>(
          "SELECT count() AS gaps FROM delivery_gaps WHERE source = 'shop'",
        )
      },
      ([row]) => Number(row?.gaps) > 0,
    )
    await waitForMetric('millrace_events_total{source="shop",outcome="accepted"}', (value) => value >= 8)
    await waitForMetric('millrace_gap_events{source="shop"}', (value) => value === 7)
    const metrics = await readMetrics()
    const outcome = (name: string) =>
      metrics
        .get('millrace_events_total')
        ?.samples.get(`millrace_events_total{source="shop",outcome="${name}"}`) ?? 0
    const [ledger] = await stack.query<Record<string, string>>(
      `SELECT sum(received) AS received, sum(accepted) AS accepted, sum(quarantined) AS quarantined, sum(missing) AS missing
FROM ledger WHERE source = 'shop'`,
    )
    expect(outcome('received')).toBe(Number(ledger?.['received']))
    expect(outcome('quarantined')).toBe(1)
    expect(Number(ledger?.['missing'])).toBe(0)
  })

  it('counts retries and inserts once they are saved', async () => {
    await stack.killClickHouse()
    expect(await post({ batch: events(3, 'b') })).toBe(200)
    await waitFor(() => stack.workerLog.some((line) => line.includes('"sink_failed"')), undefined, 30_000)
    await stack.startClickHouse()
    // What a crash would take back is told when it is saved, half a minute later at most.
    expect(await post({ batch: events(3, 'c') })).toBe(200)
    await waitForMetric('millrace_sink_retries_total{source="shop",sink="warehouse"}', (value) => value > 0)
    await waitForMetric('millrace_insert_rows_total', (value) => value > 0)
  })

  it('never counts back, and answers while ClickHouse is away', async () => {
    const before = await readMetrics()
    await stack.killClickHouse()
    await waitForMetric('millrace_scrape_errors{part="ledger"}', (value) => value === 1)
    const away = await readMetrics()
    expect(away.has('millrace_events_total')).toBe(false)
    for (const [name, { type, samples }] of away) {
      if (type !== 'counter') continue
      const earlier = [...(before.get(name)?.samples ?? [])]
      expect(earlier.filter(([sample, value]) => (samples.get(sample) ?? 0) < value)).toEqual([])
    }
    await stack.startClickHouse()
    await waitForMetric('millrace_scrape_errors{part="ledger"}', (value) => value === 0)
  })
})

describe('the log', () => {
  it('tells of a batch under one trace in collector and consumer, the hash that ClickHouse computes', async () => {
    const lines = stack.workerLog.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
    const seen = lines.filter(({ trace }) => trace === traceOf('seen'))
    const written = ['warehouse', 'quarantine', 'lake', 'live'].map((sink) => `envelope_written ${sink}`)
    const told = seen.map(({ event, sink }) => (sink === undefined ? event : `${event} ${sink}`))
    expect(told.toSorted()).toEqual([...written, 'request_taken'].toSorted())
    const [row] = await stack.query("SELECT lower(leftPad(hex(murmurHash3_32('seen')), 8, '0')) AS trace")
    expect(row).toEqual({ trace: traceOf('seen') })
  })
})

describe('the dashboards', () => {
  const clickhouse = readDashboard('millrace-clickhouse')
  const prometheus = readDashboard('millrace-prometheus')

  it.each([clickhouse, prometheus])('can be imported: $title', ({ schemaVersion, panels, templating }) => {
    expect(schemaVersion).toBeGreaterThanOrEqual(36)
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const used = panels.flatMap(({ datasource, targets = [] }) => [
      datasource,
      ...targets.map((t) => t.datasource),
    ])
    expect(new Set(used.flatMap((source) => source?.uid ?? []))).toEqual(new Set([`\${datasource}`]))
    expect(templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource' })
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
  })

  it('ask ClickHouse what it can answer', async () => {
    const sources = ['shop', 'heartbeat']
    const variable = clickhouse.templating.list.find(({ name }) => name === 'source')?.query
    expect(await stack.query(fillInSql(String(variable), sources))).toContainEqual({ source: 'shop' })
    const rows = new Map<string, number>()
    for (const { panel, text } of listQueries(clickhouse)) {
      const answer = await stack.query(fillInSql(text, sources))
      rows.set(panel, Math.max(rows.get(panel) ?? 0, answer.length))
    }
    // What compares two stores is empty when they agree.
    const empty = [...rows].filter(([panel, count]) => count === 0 && !panel.includes('differ'))
    expect(empty).toEqual([])
  })

  it('ask Prometheus for what /metrics has', async () => {
    const metrics = await readMetrics()
    const names = new Set(listQueries(prometheus).flatMap(({ text }) => listMetrics(text)))
    expect([...names].filter((name) => !metrics.has(name))).toEqual([])
    // And all there is is shown.
    expect([...metrics.keys()].filter((name) => !names.has(name))).toEqual([])
  })
})
