/** Judges how the pipeline is, in words. Pure. */

import type { LiveHealth, MonitorStatus } from '@millrace/schemas/live'
import { countOf, formatSpan } from './format.ts'

/** What a stage may be behind before it is worth a look: beside it, how its work is called. */
const STAGES: Record<string, { title: string; slowMs: number }> = {
  live: { title: 'Live windows', slowMs: 10_000 },
  warehouse: { title: 'Warehouse', slowMs: 60_000 },
  lake: { title: 'Lake', slowMs: 15 * 60_000 },
  computed: { title: 'Sessions and roll-ups', slowMs: 5 * 60_000 },
}

/** From receipt to window at p95 that is worth a look. */
const SLOW_LATENCY_MS = 5_000

/** One sentence each, worst first; and whether there is any. */
export interface Verdict {
  isWell: boolean
  sentences: string[]
}

/** A stage's name for people. */
export function nameStage(stage: string): string {
  return STAGES[stage]?.title ?? stage
}

/** Whether a stage is further behind than it usually is. */
export function isBehind(stage: string, lagMs: number | null): boolean {
  return lagMs !== null && lagMs > (STAGES[stage]?.slowMs ?? 60_000)
}

/** What is wrong, or that nothing is. */
export function judgeHealth(health: LiveHealth): Verdict {
  const { stages, latencyMs, retries, deadLetters, spilled, gaps } = health
  const failing = Object.entries(retries).filter(([, count]) => count > 0)
  const sentences = [
    ...(deadLetters !== null && deadLetters > 0
      ? [
          `${countOf(deadLetters, 'message')} could not be delivered and ${deadLetters === 1 ? 'waits' : 'wait'} in dead letters.`,
        ]
      : []),
    ...(gaps !== null && gaps > 0 ? [`${countOf(gaps, 'event')} of the last day did not arrive.`] : []),
    ...failing.map(
      ([sink, count]) =>
        `${countOf(count, 'delivery', 'deliveries')} to the ${sink} failed and ${count === 1 ? 'is' : 'are'} tried again.`,
    ),
    ...stages
      .filter(({ stage, lagMs }) => isBehind(stage, lagMs))
      .map(({ stage, lagMs }) => `${nameStage(stage)}: ${formatSpan(lagMs)} behind.`),
    ...(spilled !== null && spilled > 0
      ? [`${countOf(spilled, 'batch', 'batches')} ${spilled === 1 ? 'waits' : 'wait'} in R2 for the queue.`]
      : []),
    ...(latencyMs.p95 !== null && latencyMs.p95 > SLOW_LATENCY_MS
      ? [`One event in twenty takes ${formatSpan(latencyMs.p95)} or longer to be counted.`]
      : []),
  ]
  if (sentences.length > 0) return { isWell: false, sentences }
  const latency =
    latencyMs.p50 === null ? '' : `: an event is counted ${formatSpan(latencyMs.p50)} after it arrives`
  return { isWell: true, sentences: [`All is well${latency}.`] }
}

const ORDER: readonly MonitorStatus['state'][] = ['firing', 'unknown', 'ok']

/** Those that fire first, of each state the latest first. */
export function sortMonitors(monitors: readonly MonitorStatus[]): MonitorStatus[] {
  return [...monitors].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || b.since - a.since)
}
