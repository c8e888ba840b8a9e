/** Evaluates the monitors every minute, and tells each source's object what was found. */

import type { PipelineFacts } from '../live/health-job.ts'
import type { MonitorSettings } from '../live/monitoring.ts'
import type { LiveObject } from '../live/rpc.ts'
import type { Statements } from '../statements.ts'
import { withTimeout } from '../timeout.ts'
import { evaluateMonitors } from './evaluate.ts'

/** What the job works with. */
export interface MonitorJobEffects {
  read: Statements['read']
  objectOf: (source: string) => Pick<LiveObject, 'report'>
  /** What the cron found out of the pipeline. */
  facts: PipelineFacts
  now: () => number
  log: (record: Record<string, unknown>) => void
}

/** How long an object may take to listen. */
const REPORT_TIMEOUT_MS = 10_000

/**
 * Evaluates all monitors for all sources. An object hears of its source even when nothing was found, because it judges thresholds
 * by itself, and because a monitor may have been taken out of the configuration. Never rejects.
 */
export async function reportMonitors(
  { read, objectOf, facts, now, log }: MonitorJobEffects,
  settings: MonitorSettings,
  sources: readonly string[],
): Promise<void> {
  const { monitors } = settings
  const { live, lakeLagMs } = facts
  const results = await evaluateMonitors(
    {
      read,
      facts: async (source) => {
        const known = live.get(source)
        return known === undefined ? undefined : { ...known, lakeLagMs: lakeLagMs.get(source) ?? null }
      },
      log,
    },
    { monitors, sources, now: now() },
  )
  const bySource = Map.groupBy(results, ({ source }) => source)
  const text = JSON.stringify(settings)
  await Promise.all(
    sources.map(async (source) => {
      try {
        const report = { settings: text, results: bySource.get(source) ?? [] }
        await withTimeout(objectOf(source).report(report), REPORT_TIMEOUT_MS)
      } catch (error) {
        log({ level: 'warn', event: 'monitors_not_told', source, error: String(error) })
      }
    }),
  )
}
