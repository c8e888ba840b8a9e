/** What a child process is told to do, and what it says meanwhile: the agreement of `child.ts` and `children.ts`. */

import type { SubjectOptions } from './subject.ts'

/** How a process that has tracked its events goes on. */
export type Ending = 'exit' | 'sigterm itself' | 'stay' | 'natural' | 'flush'

/** What is done. */
export type Task =
  /** Times `track()`: rounds of calls in batches, after one that does not count. */
  | { kind: 'pace'; rounds: number; calls: number }
  /** Tracks with turns of the event loop between, flushes, and says its processor time until it is ended. */
  | { kind: 'cost'; events: number }
  /** Tracks in one go, then ends so. */
  | { kind: 'end'; events: number; ending: Ending }
  /** Tracks while the collector is down, measures its memory, and says what it gave up until it is ended. */
  | { kind: 'outage'; events: number; durationMs: number }
  /** Opens a spool and closes it: what an earlier process left is delivered. */
  | { kind: 'recover' }

/** Argument of a child process, as JSON. */
export interface Order {
  /** File in `subjects/`, without its ending. */
  subject: string
  options: SubjectOptions
  task: Task
}

/** What a child says, one line of JSON each, with `at` in ms since the epoch. */
export type Word =
  /** Microseconds a call, of one round. */
  | { word: 'round'; at: number; micros: number }
  /** Its own work is done: from now on only the SDK keeps it. */
  | { word: 'tracked'; at: number }
  /** Microseconds of processor time since before the first call. */
  | { word: 'cpu'; at: number; micros: number }
  | { word: 'memory'; at: number; memory: OutageMemory }
  | { word: 'drops'; at: number; count: number }
  | { word: 'closed'; at: number }

/** What an outage did to a process. */
export interface OutageMemory {
  /** Growth of the heap and of what lies beside it (`external`), both after a garbage collection, bytes. */
  heapGrowth: number
  /** Growth of the most memory that the process has had in RAM, bytes. */
  peakGrowth: number
  /** Requests that were begun, by `fetch` or `http`. */
  requests: number
  /** Connections that were tried. */
  connections: number
}
