import { describe, expect, it } from 'vitest'
import { createHealth } from '../live/health.ts'
import { addInsert, createInsertTimes } from '../live/insert-times.ts'
import type { LiveMetrics } from '../live/rpc.ts'
import { createMetricsCache, gatherMetrics, type MetricsEffects } from './gather.ts'
import { readMetricsText } from './read-text.ts'
import { encodeMetrics } from './text.ts'

const NOW = 1_795_330_800_000

function liveMetrics(more: Partial<LiveMetrics['totals']> = {}): LiveMetrics {
  const inserts = createInsertTimes()
  addInsert(inserts, 40, 100)
  addInsert(inserts, 40_000, 5)
  const totals = {
    ...createHealth().totals(),
    ...{ events: 7, late: 1, duplicates: 2, quarantined: { not_an_object: 3 }, retries: { warehouse: 4 } },
    ...{ inserts, ...more },
  }
  const health = createHealth().read(NOW, { receivedAt: NOW, liveLagMs: 1_200 })
  return { totals, health, watchers: 2, watermarkLagMs: 31_500 }
}

function start(more: Partial<MetricsEffects> = {}) {
  const logged: Record<string, unknown>[] = []
  const tables: [RegExp, Record<string, unknown>[]][] = [
    [/delivery_gaps/, [{ source: 'shop', missing: '7', streams: '2', dropped: '1' }]],
    [/arrayJoin/, [{ source: 'shop', code: 'unknown_write_key', requests: '5' }]],
    [
      /FROM ledger/,
      [{ source: 'shop', received: '12', accepted: '9', quarantined: '3', stored: '8', in_flight: 1 }],
    ],
    [
      /heartbeat_objectives/,
      [
        {
          ...{ period: '24h', stage: 'lake', objective_ms: 900_000, p50_ms: 61_000, p95_ms: null },
          ...{ within_objective: 0.99, last_sent_ms: String(NOW) },
        },
      ],
    ],
  ]
  const effects: MetricsEffects = {
    read: (async (query: string) => tables.find(([pattern]) => pattern.test(query))?.[1] ?? []) as never,
    bucket: {
      list: (async ({ prefix }: { prefix: string }) => ({
        objects:
          prefix === 'spill/'
            ? [{ key: `spill/${String(NOW - 60_000).padStart(13, '0')}-0123456789abcdef` }]
            : [],
      })) as never,
    },
    queues: {
      events: { metrics: async () => ({ backlogCount: 3, backlogBytes: 2_000 }) },
      retry: {},
    },
    objectOf: () => ({ readMetrics: async () => liveMetrics() }),
    now: () => NOW,
    log: (record) => void logged.push(record),
    ...more,
  }
  const scrape = async (sources: readonly string[] = ['shop']) =>
    readMetricsText(await gatherMetrics(effects, sources))
  return { scrape, logged }
}
const sampleIn = (metrics: ReturnType<typeof readMetricsText>, sample: string) =>
  metrics.get(sample.replace(/\{.*/, ''))?.samples.get(sample)

describe('a scrape', () => {
  it('has what all parts tell', async () => {
    const metrics = await start().scrape()
    const figures: [string, number][] = [
      ['millrace_events_total{source="shop",outcome="accepted"}', 9],
      ['millrace_ledger_events{source="shop",state="in_flight"}', 1],
      ['millrace_requests_refused_total{source="shop",code="unknown_write_key"}', 5],
      ['millrace_gap_events{source="shop"}', 7],
      ['millrace_heartbeat_seconds{stage="lake",period="24h",quantile="0.5"}', 61],
      ['millrace_heartbeat_within_objective_ratio{stage="lake",period="24h"}', 0.99],
      ['millrace_heartbeat_last_sent_timestamp_seconds', NOW / 1_000],
      ['millrace_quarantined_events_total{source="shop",reason="not_an_object"}', 3],
      ['millrace_sink_retries_total{source="shop",sink="warehouse"}', 4],
      ['millrace_late_events_total{source="shop"}', 1],
      ['millrace_stage_lag_seconds{source="shop",stage="live"}', 1.2],
      ['millrace_window_lag_seconds{source="shop"}', 31.5],
      ['millrace_watchers{source="shop"}', 2],
      ['millrace_spill_objects', 1],
      ['millrace_spill_oldest_seconds', 60],
      ['millrace_dead_letters', 0],
      ['millrace_queue_backlog_messages{queue="events"}', 3],
      ['millrace_insert_rows_total', 105],
    ]
    expect(figures.map(([sample]) => [sample, sampleIn(metrics, sample)])).toEqual(figures)
    const inserts = metrics.get('millrace_insert_seconds')?.samples
    expect(inserts?.get('millrace_insert_seconds_bucket{le="0.05"}')).toBe(1)
    expect(inserts?.get('millrace_insert_seconds_bucket{le="+Inf"}')).toBe(2)
    expect(
      [...(metrics.get('millrace_scrape_errors')?.samples.values() ?? [])].some((count) => count > 0),
    ).toBe(false)
  })

  it('leaves out what is not known, and says so', async () => {
    const away = () => Promise.reject(new Error('away'))
    const { scrape, logged } = start({ read: away, queues: { events: {} } })
    const metrics = await scrape()
    for (const name of ['millrace_events_total', 'millrace_gap_events', 'millrace_queue_backlog_messages'])
      expect(metrics.has(name)).toBe(false)
    expect(sampleIn(metrics, 'millrace_scrape_errors{part="ledger"}')).toBe(1)
    expect(sampleIn(metrics, 'millrace_scrape_errors{part="queues"}')).toBe(0)
    expect(sampleIn(metrics, 'millrace_live_events_total{source="shop"}')).toBe(7)
    expect(logged).toHaveLength(4)
  })

  it('goes on when one of several objects does not answer', async () => {
    const objectOf: MetricsEffects['objectOf'] = (source) => ({
      readMetrics: async () => {
        if (source === 'blog') throw new Error('overloaded')
        return liveMetrics()
      },
    })
    const metrics = await start({ objectOf }).scrape(['blog', 'shop', 'app'])
    const sources = [...(metrics.get('millrace_live_events_total')?.samples.keys() ?? [])]
    expect(sources).toEqual(['shop', 'app'].map((source) => `millrace_live_events_total{source="${source}"}`))
    expect(sampleIn(metrics, 'millrace_scrape_errors{part="live"}')).toBe(1)
  })

  it('is readable whatever a label holds', () => {
    const labels = { reason: 'a"b\\c\nd}' }
    const text = encodeMetrics([
      { name: 'x', help: 'back\\slash\nline', type: 'gauge', samples: [{ labels, value: 1 }] },
    ])
    expect([...(readMetricsText(text).get('x')?.samples ?? [])]).toEqual([['x{reason="a\\"b\\\\c\\nd}"}', 1]])
  })
})

describe('the strict reader of the tests', () => {
  it.each([
    ['x 1\n', 'a sample stands below its type'],
    ['# HELP x y\n# TYPE x gauge\nx 1', 'the last line must end'],
    ['# HELP x y\n# TYPE x gauge\nx 1\nx 2\n', 'a sample stands once'],
    ['# HELP x y\n# TYPE x gauge\nx{a="1",a="2"} 1\n', 'a label stands once'],
    ['# HELP x y\n# TYPE x gauge\nx{a="\n"} 1\n', 'not a sample'],
    ['# HELP x y\n# TYPE x gauge\nx one\n', 'not a sample'],
    ['# HELP x_total y\n# TYPE x_total counter\nx_total -1\n', 'a counter is not negative'],
    ['# HELP x y\n# TYPE x counter\nx 1\n', 'counters, and they alone, end in _total'],
    ['# HELP x y\n# TYPE x gauge\n', 'x has no sample'],
    [
      '# HELP x y\n# TYPE x histogram\nx_bucket{le="1"} 2\nx_bucket{le="+Inf"} 1\nx_sum 1\nx_count 1\n',
      'not cumulative',
    ],
    ['# HELP x y\n# TYPE x histogram\nx_bucket{le="1"} 2\nx_sum 1\nx_count 2\n', 'no bounds up to +Inf'],
  ])('refuses %j', (text, message) => {
    expect(() => readMetricsText(text)).toThrow(message)
  })
})

describe('a kept scrape', () => {
  it('is given to all for ten seconds', async () => {
    let now = NOW
    let count = 0
    const read = createMetricsCache(() => now)
    const gather = async () => `scrape ${++count}`
    expect(await read(gather)).toBe('scrape 1')
    now += 9_999
    expect(await read(gather)).toBe('scrape 1')
    now += 1
    expect(await read(gather)).toBe('scrape 2')
  })
})
