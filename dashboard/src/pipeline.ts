/** Judges how the pipeline is, in words. Pure. */

import type { LiveHealth, MonitorStatus } from '@millrace/schemas/live'
import { countOf, formatCount, formatShare, formatSpan, listOf } from './format.ts'

/** What a stage may be behind before it is worth a look: beside it, how its work is called, at a beginning and in a sentence. */
const STAGES: Record<string, { title: string; inSentence: string; slowMs: number }> = {
  live: { title: 'Live windows', inSentence: 'live windows', slowMs: 10_000 },
  warehouse: { title: 'Warehouse', inSentence: 'the warehouse', slowMs: 60_000 },
  lake: { title: 'Lake', inSentence: 'the lake', slowMs: 15 * 60_000 },
  closed: { title: 'Closed windows', inSentence: 'closed windows', slowMs: 2 * 60_000 },
  computed: { title: 'Sessions and roll-ups', inSentence: 'sessions and roll-ups', slowMs: 5 * 60_000 },
}

/** From receipt to window at p95 that is worth a look. */
const SLOW_LATENCY_MS = 5_000

/** Objects in R2 are counted up to so many. */
const MAX_COUNTED = 1_000

/** Share of the events that is refused which is worth a look, and how many these must be. */
const MUCH_REFUSED = 0.05
const MANY_REFUSED = 10

/** When nothing comes for so long, nobody can tell how things are. Counts are of that time too. */
const QUIET_MS = 5 * 60_000

/** What is wrong; or else that not all is known, and what; or that all is well. One sentence each, worst first. */
export interface Verdict {
  kind: 'bad' | 'unknown' | 'well'
  sentences: string[]
}

/** A stage's name for people. */
export function nameStage(stage: string): string {
  // Not among the stages that are to be known: a deployment may have no heartbeat.
  return STAGES[stage]?.title ?? (stage === 'heartbeat' ? 'Heartbeat' : stage)
}

/** Whether a stage is further behind than it usually is. */
export function isBehind(stage: string, lagMs: number | null): boolean {
  return lagMs !== null && lagMs > (STAGES[stage]?.slowMs ?? 60_000)
}

/** `3`, and `1,000 or more` of what is counted no further. */
export function formatCapped(count: number): string {
  return `${formatCount(count)}${count >= MAX_COUNTED ? ' or more' : ''}`
}

/** What is wrong, else what is not known, else that all is well. */
export function judgeHealth(health: LiveHealth, now: number): Verdict {
  const troubles = findTroubles(health)
  const unknown = findUnknown(health, now)
  const known = unknown.length === 0 ? [] : [`Not all is known: ${unknown.join('; ')}.`]
  if (troubles.length > 0) return { kind: 'bad', sentences: [...troubles, ...known] }
  return unknown.length > 0
    ? { kind: 'unknown', sentences: known }
    : { kind: 'well', sentences: [`All is well${describeFlow(health)}.`] }
}

const ORDER: readonly MonitorStatus['state'][] = ['firing', 'unknown', 'ok']

/** Those that fire first, of each state the latest first. */
export function sortMonitors(monitors: readonly MonitorStatus[]): MonitorStatus[] {
  return [...monitors].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || b.since - a.since)
}

function findTroubles(health: LiveHealth): string[] {
  const { stages, latencyMs, retries, deadLetters, spilled, gaps } = health
  const { count: refused, share: refusedShare } = countRefused(health)
  const waits = (count: number) => (count === 1 ? 'waits' : 'wait')
  return [
    ...(deadLetters !== null && deadLetters > 0
      ? [
          `${cappedOf(deadLetters, 'message')} of all sources could not be delivered and ${waits(deadLetters)} in dead letters.`,
        ]
      : []),
    ...(gaps !== null && gaps > 0 ? [`${countOf(gaps, 'event')} of the last day did not arrive.`] : []),
    ...Object.entries(retries)
      .filter(([, count]) => count > 0)
      .map(
        ([sink, count]) =>
          `${countOf(count, 'delivery', 'deliveries')} to the ${sink} failed and ${count === 1 ? 'is' : 'are'} tried again.`,
      ),
    ...stages
      .filter(({ stage, lagMs }) => isBehind(stage, lagMs))
      .map(({ stage, lagMs }) => `${nameStage(stage)}: ${formatSpan(lagMs)} behind.`),
    ...(refused >= MANY_REFUSED && refusedShare >= MUCH_REFUSED
      ? [`${formatShare(refusedShare)} of the events of the last 5 minutes were refused.`]
      : []),
    ...(spilled !== null && spilled > 0
      ? [`${cappedOf(spilled, 'batch', 'batches')} of all sources ${waits(spilled)} in R2 for the queue.`]
      : []),
    ...(latencyMs.p95 !== null && latencyMs.p95 > SLOW_LATENCY_MS
      ? [`One event in twenty takes ${formatSpan(latencyMs.p95)} or longer to be counted.`]
      : []),
  ]
}

function findUnknown({ receivedAt, stages, deadLetters, spilled }: LiveHealth, now: number): string[] {
  const quietMs = receivedAt === null ? Number.POSITIVE_INFINITY : now - receivedAt
  const isQuiet = quietMs >= QUIET_MS
  const unknown = Object.keys(STAGES).filter((name) => {
    // Live windows are never behind when nothing comes, nor are they seen to keep up.
    if (name === 'live' && isQuiet) return false
    return (stages.find(({ stage }) => stage === name)?.lagMs ?? null) === null
  })
  const names = unknown.map((name) => STAGES[name]?.inSentence ?? name)
  // By the minute, so that the sentence does not change all the time.
  const quiet = receivedAt === null ? undefined : formatSpan(Math.floor(quietMs / 60_000) * 60_000)
  return [
    ...(isQuiet
      ? [quiet === undefined ? 'nothing was ever received' : `nothing was received for ${quiet}`]
      : []),
    ...(names.length === 0 ? [] : [`the lag of ${listOf(names)}`]),
    ...(deadLetters === null ? ['whether there are dead letters'] : []),
    ...(spilled === null ? ['whether batches wait in R2 for the queue'] : []),
  ]
}

function describeFlow(health: LiveHealth): string {
  const { p50 } = health.latencyMs
  const { count, share } = countRefused(health)
  const facts = [
    ...(p50 === null ? [] : [`an event is counted ${formatSpan(p50)} after it arrives`]),
    ...(count === 0 ? [] : [`${formatShare(share)} of those of the last 5 minutes were refused`]),
  ]
  return facts.length === 0 ? '' : `: ${facts.join(', and ')}`
}

function countRefused({ events, quarantined }: LiveHealth): { count: number; share: number } {
  const count = Object.values(quarantined).reduce((sum, one) => sum + one, 0)
  return { count, share: count / Math.max(1, events + count) }
}

function cappedOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCapped(count)} ${count === 1 ? one : many}`
}
