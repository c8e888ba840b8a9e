/** Evaluates the monitors every minute, and tells each source's object what was found. */

import type { MonitorDefinition } from '@millrace/schemas/live'
import { createForgottenLookup, type ForgottenHashes } from '../forgotten/lookup.ts'
import { createTest } from '../forgotten/without-forgotten.ts'
import type { PipelineFacts } from '../live/health-job.ts'
import type { MonitorReport, MonitorSettings } from '../live/monitoring.ts'
import type { LiveObject } from '../live/rpc.ts'
import type { Statements } from '../statements.ts'
import { withTimeout } from '../timeout.ts'
import type { MonitorKeys } from './desk.ts'
import { evaluateMonitors } from './evaluate.ts'
import { findForgottenKeys, withoutForgottenKeys } from './forgotten-keys.ts'
import type { MonitorResult } from './result.ts'

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

const NO_KEYS: MonitorKeys = { firing: {}, waiting: {} }

/**
 * Evaluates all monitors for all sources. An object hears of its source even when nothing was found, because it judges thresholds
 * by itself, and because a monitor may have been taken out of the configuration. Never rejects.
 */
export async function reportMonitors(
  effects: MonitorJobEffects,
  settings: MonitorSettings,
  sources: readonly string[],
): Promise<void> {
  const { read, objectOf, facts, now, log } = effects
  const { monitors } = settings
  const { live, lakeLagMs } = facts
  const results = await evaluateMonitors(
    {
      read,
      facts: async (source) => {
        const known = live.get(source)
        if (known === undefined) return undefined
        const { receipts, liveLagMs, monitorKeys: { firing } = NO_KEYS } = known
        return { receipts, liveLagMs, lakeLagMs: lakeLagMs.get(source) ?? null, firing }
      },
      log,
    },
    { monitors, sources, now: now() },
  )
  const bySource = Map.groupBy(results, ({ source }) => source)
  const text = JSON.stringify(settings)
  // After the evaluation: who is forgotten is written down before the events are deleted that a key fired by.
  const forgottenOf = createForgottenLookup({ read, now, log })
  await Promise.all(
    sources.map(async (source) => {
      try {
        const kept = live.get(source)?.monitorKeys ?? NO_KEYS
        const found = await leaveOutForgotten(monitors, kept, bySource.get(source) ?? [], () =>
          forgottenOf(source),
        )
        await withTimeout(objectOf(source).report({ settings: text, ...found }), REPORT_TIMEOUT_MS)
      } catch (error) {
        log({ level: 'warn', event: 'monitors_not_told', source, error: String(error) })
      }
    }),
  )
}

/** What to report of a source. Where nobody knows who is forgotten, nothing is said of monitors that have keys: it may name one. */
async function leaveOutForgotten(
  monitors: readonly MonitorDefinition[],
  kept: MonitorKeys,
  results: readonly MonitorResult[],
  readForgotten: () => Promise<ForgottenHashes | undefined>,
): Promise<Omit<MonitorReport, 'settings'>> {
  const keptBy = new Set([...Object.keys(kept.firing), ...Object.keys(kept.waiting)])
  const hasKeys = ({ name, keys }: MonitorResult) => keys.length > 0 || keptBy.has(name)
  if (keptBy.size === 0 && !results.some(hasKeys)) return { results: [...results] }
  const hashes = await readForgotten()
  if (hashes === undefined) return { results: results.filter((result) => !hasKeys(result)) }
  if (hashes.size === 0) return { results: [...results] }
  const isForgotten = createTest(hashes)
  const cleaned = results.map((result) => {
    const monitor = monitors.find(({ name }) => name === result.name)
    return monitor === undefined ? result : withoutForgottenKeys(monitor, result, isForgotten)
  })
  return {
    results: await Promise.all(cleaned),
    forgotten: await findForgottenKeys(monitors, kept, isForgotten),
  }
}
