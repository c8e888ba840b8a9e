/** What the processes that play seeds are told, and what they tell. */

import type { SUMS } from './progress.ts'

/** Work of one process. */
export interface Work {
  /** Its number, from 0. */
  worker: number
  /** Seeds from the first to the last, each `step`-th. */
  first: number
  last: number
  step: number
  eventsASeed: number
  /** Ends after so many milliseconds with the seed that is under way. */
  endsAfterMs: number
}

/** A seed is done. */
export interface SeedNews extends Record<(typeof SUMS)[number], number> {
  kind: 'seed'
  worker: number
  seed: number
  made: number
  faults: Record<string, number>
  /** Text for a person, when it has a problem. */
  failure?: string
  hash: string
}

/** The rows of some seeds were in a real ClickHouse. */
export interface WarehouseNews {
  kind: 'warehouse'
  worker: number
  seeds: number
  events: number
  rows: number
  processorMs: number
  /** Seeds with a problem, and text for a person. */
  failed: number[]
  failure?: string
  /** From here on the rows of every so many-th seed go there. */
  every: number
}

/** Either. */
export type News = SeedNews | WarehouseNews
