/** What is done of a long run, in a file, so that the next run goes on where this one ended. */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Sums over the seeds that are done. */
export interface Totals {
  /** Seeds 1 to this one are done. */
  seeds: number
  eventsASeed: number
  events: number
  acknowledged: number
  lost: number
  doubled: number
  received: number
  explained: number
  falseGaps: number
  virtualMs: number
  processorMs: number
  faults: Record<string, number>
  /** Seeds with a problem. */
  failed: number[]
}

/** Nothing done. */
export function emptyTotals(eventsASeed: number): Totals {
  return {
    ...{ seeds: 0, eventsASeed, events: 0, acknowledged: 0, lost: 0, doubled: 0, received: 0, explained: 0 },
    ...{ falseGaps: 0, virtualMs: 0, processorMs: 0, faults: {}, failed: [] },
  }
}

/** What a run before has left; nothing when it had seeds of another size. */
export function readProgress(file: string, eventsASeed: number): Totals {
  if (!existsSync(file)) return emptyTotals(eventsASeed)
  const totals = JSON.parse(readFileSync(file, 'utf8')) as Totals
  return totals.eventsASeed === eventsASeed ? totals : emptyTotals(eventsASeed)
}

/** Replaces the file at once. */
export function writeProgress(file: string, totals: Totals): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, JSON.stringify(totals))
  renameSync(`${file}.new`, file)
}
