/** What is done of a long run, in a file, so that the next run goes on where this one ended. */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Sums over the seeds that are done. */
export interface Totals {
  /** Of each process the last seed that is done: the n-th of them has every seed that leaves n. */
  done: number[]
  seeds: number
  eventsASeed: number
  /** Events that clients made. */
  events: number
  acknowledged: number
  stored: number
  lost: number
  doubled: number
  received: number
  explained: number
  falseGaps: number
  virtualMs: number
  processorMs: number
  /** Of runs that came to their end, or to that of their time. */
  wallMs: number
  faults: Record<string, number>
  /** Seeds whose rows went through a real ClickHouse, their distinct events, rows with all copies, and time. */
  warehouse: { seeds: number; events: number; rows: number; processorMs: number }
  /** Seeds with a problem. */
  failed: number[]
}

/** Sums of one seed that simply add up. */
export const SUMS = [
  'acknowledged',
  'stored',
  'lost',
  'doubled',
  'received',
  'explained',
  'falseGaps',
  'virtualMs',
  'processorMs',
] as const

/** Nothing done. */
export function emptyTotals(eventsASeed: number): Totals {
  return {
    ...{ done: [], seeds: 0, eventsASeed, events: 0, acknowledged: 0, stored: 0, lost: 0, doubled: 0 },
    ...{ received: 0, explained: 0, falseGaps: 0, virtualMs: 0, processorMs: 0, wallMs: 0 },
    ...{ faults: {}, warehouse: { seeds: 0, events: 0, rows: 0, processorMs: 0 }, failed: [] },
  }
}

/** What a run before has left; nothing when it had seeds of another size, or was of another version. */
export function readProgress(file: string, eventsASeed: number): Totals {
  if (!existsSync(file)) return emptyTotals(eventsASeed)
  const totals = JSON.parse(readFileSync(file, 'utf8')) as Totals
  const isOurs = totals.eventsASeed === eventsASeed && Array.isArray(totals.done)
  return isOurs ? totals : emptyTotals(eventsASeed)
}

/** Replaces the file at once. */
export function writeProgress(file: string, totals: Totals): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, JSON.stringify(totals))
  renameSync(`${file}.new`, file)
}
