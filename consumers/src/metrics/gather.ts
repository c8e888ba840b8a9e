/** Puts the metrics of a scrape together. Each part has its own time; one that fails costs the others nothing. */

import type { Statements } from '@millrace/schemas/recompute'
import type { LakeBucket } from '../lake/bucket.ts'
import type { LiveMetrics, LiveObject } from '../live/rpc.ts'
import { withTimeout } from '../timeout.ts'
import { describeLive } from './live.ts'
import { describeDead, describeQueues, describeSpill, type MeasuredQueue } from './stores.ts'
import { encodeMetrics, type Family } from './text.ts'
import { WAREHOUSE_PARTS } from './warehouse.ts'

/** What a scrape works with. */
export interface MetricsEffects {
  read: Statements['read']
  bucket: Pick<LakeBucket, 'list'>
  /** By what they are called in the metric. */
  queues: Readonly<Record<string, MeasuredQueue>>
  objectOf: (source: string) => Pick<LiveObject, 'readMetrics'>
  now: () => number
  log: (record: Record<string, unknown>) => void
}

/** How long a part may take: a scraper of Prometheus waits for ten seconds. */
const PART_TIMEOUT_MS = 5_000

/** How long the text of a scrape is given to others who ask. */
const KEEP_MS = 10_000

/** The text of a scrape. Never rejects. */
export async function gatherMetrics(effects: MetricsEffects, sources: readonly string[]): Promise<string> {
  const { read, bucket, queues, now, log } = effects
  const parts: [name: string, work: () => Promise<Family[]>][] = [
    ...Object.entries(WAREHOUSE_PARTS).map(([name, describe]): (typeof parts)[number] => [
      name,
      () => describe(read),
    ]),
    ['spill', () => describeSpill(bucket, now())],
    ['dead', () => describeDead(bucket)],
    ['queues', () => describeQueues(queues)],
  ]
  const failed = new Map<string, number>()
  const run = async <T>(name: string, work: () => Promise<T>): Promise<T | undefined> => {
    failed.set(name, failed.get(name) ?? 0)
    try {
      return await withTimeout(work(), PART_TIMEOUT_MS)
    } catch (error) {
      failed.set(name, (failed.get(name) ?? 0) + 1)
      log({ level: 'warn', event: 'metrics_unknown', part: name, error: String(error).slice(0, 300) })
      return undefined
    }
  }
  const live = new Map<string, LiveMetrics>()
  const asking = sources.map(async (source) => {
    const metrics = await run('live', () => effects.objectOf(source).readMetrics())
    if (metrics !== undefined) live.set(source, metrics)
  })
  const described = await Promise.all(parts.map(([name, work]) => run(name, work)))
  await Promise.all(asking)
  // In the order of the configuration, whoever answered first.
  const ordered = new Map(
    sources.flatMap((source) => (live.has(source) ? [[source, live.get(source) as LiveMetrics]] : [])),
  )
  const families = [...described.flatMap((some) => some ?? []), ...describeLive(ordered)]
  return encodeMetrics([...families, describeErrors(failed)])
}

function describeErrors(failed: ReadonlyMap<string, number>): Family {
  return {
    name: 'millrace_scrape_errors',
    help: 'Questions of this scrape that were not answered, by part; what they would tell is left out.',
    type: 'gauge',
    samples: [...failed].map(([part, value]) => ({ labels: { part }, value })),
  }
}

/** A scrape that is kept for ten seconds, so that several scrapers, or one gone wild, cost no more than one. */
export function createMetricsCache(now: () => number): (gather: () => Promise<string>) => Promise<string> {
  let kept: { at: number; text: string } | undefined
  return async (gather) => {
    if (kept !== undefined && now() - kept.at < KEEP_MS) return kept.text
    // Not the promise: it would belong to one request, and others may not wait for it.
    const text = await gather()
    kept = { at: now(), text }
    return text
  }
}
