/** What the bench and its processes of clients say to each other. */

import type { ClientKind } from '../books/compare.ts'
import type { Range } from '../books/ranges.ts'
import type { HistogramCounts } from '../histogram.ts'

/** What a process is to be. */
export interface ClientsOrder {
  kind: ClientKind
  /** How many. */
  clients: number
  /** Base URL of the collector. */
  endpoint: string
  /** Folder for spools. */
  spoolPath: string
  /** Number of the first client among all of the kind. */
  firstIndex: number
}

/** From the bench. */
export type Command =
  | { kind: 'rate'; eventsPerSecond: number }
  /** Whether requests may go out; while not, they fail as without a network. */
  | { kind: 'gate'; isOpen: boolean }
  /** Say at once what there is to say. */
  | { kind: 'report' }
  /** Track no more, deliver what waits, and say how it ended. */
  | { kind: 'finish'; timeoutMs: number }

/** What happened to streams since the last report. */
export interface StreamNews {
  /** Last number given out by stream. */
  given: [stream: string, lastSeq: number][]
  acked: [stream: string, ...Range][]
  filtered: [stream: string, ...Range][]
  dropped: [stream: string, ...Range][]
}

/** To the bench, every second and when it asks. */
export interface Report extends StreamNews {
  kind: 'report'
  /** Whether the bench asked for it. */
  isAsked: boolean
  /** Times of answered requests. */
  answerTimes: HistogramCounts
  /** Requests by status; 0 without an answer. */
  statuses: Record<number, number>
  /** Requests under way. */
  openRequests: number
  /** Events that were given up before they had a number, by reason. */
  unnumbered: Record<string, number>
}

/** The last word: events that clients still hold, counted where they are kept. */
export interface Finished {
  kind: 'finished'
  waiting: number
}

/** To the bench. */
export type Word = { kind: 'ready' } | Report | Finished
