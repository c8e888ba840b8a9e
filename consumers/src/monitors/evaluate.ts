/** Evaluates monitors against the warehouse, as the cron does every minute. */

import type { MonitorDefinition } from '@millrace/schemas/live'
import type { Statements } from '../statements.ts'
import { type Ask, createAsk } from './ask.ts'
import { evaluateBooks, evaluateGaps } from './books.ts'
import { evaluateCountRule, evaluateDrop, evaluateNullRate, evaluateQuarantineRate } from './counts.ts'
import { durationText } from './describe.ts'
import { evaluateDrift, isDriftDue } from './drift.ts'
import {
  evaluateFreshness,
  readSavedUntil,
  type SavedUntil,
  type SourceFacts,
  warehouseLag,
} from './freshness.ts'
import { evaluatePerKey } from './per-key.ts'
import type { Finding, MonitorResult } from './result.ts'
import { evaluateSequence } from './sequence.ts'

/** What an evaluation works with. */
export interface EvaluateEffects extends Pick<Statements, 'read'> {
  /** What ClickHouse does not know of a source; `undefined`, or a rejection, when nobody knows it. */
  facts: (source: string) => Promise<SourceFacts | undefined>
  log: (record: Record<string, unknown>) => void
}

/** Options of {@link evaluateMonitors}. */
export interface EvaluateOptions {
  monitors: readonly MonitorDefinition[]
  /** Names of all sources. */
  sources: readonly string[]
  /** Milliseconds since 1970. */
  now: number
}

/** Monitors that are asked about at once. */
const CONCURRENCY = 4

/** A warehouse that lacks what was received so long ago is not judged by. */
const MAX_BEHIND_MS = 2 * 60_000

/** How a source stands before any of its monitors is asked about. */
interface SourceView {
  source: string
  ask: Ask
  now: number
  facts: SourceFacts | undefined
  /** `undefined`: ClickHouse did not answer. */
  savedUntil: SavedUntil | undefined
}

/**
 * Results of all monitors but those of the kind `threshold`, which the live object judges, and those of the kind `drift` that are
 * not due in this minute. A monitor that cannot be asked about is `unknown` and logged; none fails or waits for ever because of
 * another. While ClickHouse does not answer, or is more than two minutes behind what was received, all that would be read from
 * events is `unknown`. Never rejects.
 */
export async function evaluateMonitors(
  effects: EvaluateEffects,
  { monitors, sources, now }: EvaluateOptions,
): Promise<MonitorResult[]> {
  const views = new Map<string, Promise<SourceView>>()
  const tasks = sources.flatMap((source) =>
    monitors
      .filter((monitor) => isAbout(monitor, source) && isDue(monitor, now))
      .map((monitor) => async () => {
        const view = views.get(source) ?? viewOf(effects, source, now)
        views.set(source, view)
        return evaluateMonitor(effects, monitor, await view)
      }),
  )
  return runAll(tasks)
}

/** Whether a monitor watches a source. */
export function isAbout({ sources }: MonitorDefinition, source: string): boolean {
  return sources === undefined || sources.includes(source)
}

function isDue(monitor: MonitorDefinition, now: number): boolean {
  return monitor.kind === 'drift' ? isDriftDue(monitor, now) : monitor.kind !== 'threshold'
}

async function viewOf(
  { read, facts, log }: EvaluateEffects,
  source: string,
  now: number,
): Promise<SourceView> {
  const ask = createAsk(read, source)
  const failed = (what: string) => (error: unknown) => {
    log({ level: 'error', event: what, source, error: String(error).slice(0, 300) })
    return undefined
  }
  const [known, savedUntil] = await Promise.all([
    facts(source).catch(failed('monitor_facts_unknown')),
    readSavedUntil(ask, now).catch(failed('monitor_warehouse_unreachable')),
  ])
  return { source, ask, now, facts: known, savedUntil }
}

async function evaluateMonitor(
  { log }: EvaluateEffects,
  monitor: MonitorDefinition,
  view: SourceView,
): Promise<MonitorResult> {
  const { name, kind } = monitor
  const base = { name, source: view.source, kind, at: view.now, value: null, keys: [] }
  try {
    return { ...base, ...(await find(monitor, view)) }
  } catch (error) {
    log({
      level: 'error',
      event: 'monitor_failed',
      monitor: name,
      source: view.source,
      error: String(error).slice(0, 300),
    })
    return { ...base, state: 'unknown', message: 'the warehouse could not answer; the log says why' }
  }
}

async function find(monitor: MonitorDefinition, view: SourceView): Promise<Finding> {
  if (monitor.kind === 'freshness') return evaluateFreshness(monitor, view)
  const { savedUntil, facts, now } = view
  if (savedUntil === undefined) return notKnown('the warehouse does not answer')
  // What is on its way for too long is what these are about.
  if (monitor.kind === 'books') return evaluateBooks(monitor, view)
  const behind = warehouseLag(facts?.receipts ?? [], savedUntil, now) ?? 0
  if (behind > MAX_BEHIND_MS)
    return notKnown(`the warehouse is ${durationText(behind)} behind what was received`)
  const asking = { ...view, firing: facts?.firing?.[monitor.name] ?? [] }
  switch (monitor.kind) {
    case 'drop':
      return evaluateDrop(monitor, asking)
    case 'quarantine_rate':
      return evaluateQuarantineRate(monitor, asking)
    case 'null_rate':
      return evaluateNullRate(monitor, asking)
    case 'drift':
      return evaluateDrift(monitor, asking)
    case 'count_rule':
      return evaluateCountRule(monitor, asking)
    case 'per_key':
      return evaluatePerKey(monitor, asking)
    case 'sequence':
      return evaluateSequence(monitor, asking)
    case 'gaps':
      return evaluateGaps(monitor, asking)
    default:
      return notKnown('the live windows say it')
  }
}

function notKnown(message: string): Finding {
  return { state: 'unknown', message, value: null }
}

/** Runs tasks that never reject, a few at a time; results are in their order. */
async function runAll<T>(tasks: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = []
  const queue = tasks.entries()
  const work = async () => {
    for (const [index, task] of queue) results[index] = await task()
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  return results
}
