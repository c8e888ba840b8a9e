/**
 * Where a mutant may take hold: each seam gets what production code is given there, and gives what it gets instead. The world as
 * it should be has none.
 */

import type { Row } from '@millrace/schemas/native'
import type { DeadHandlerDeps } from '../../../consumers/src/dead-handler.ts'
import type { EventsHandlerDeps } from '../../../consumers/src/events-handler.ts'
import type { QueueMessage } from '../../../consumers/src/queue.ts'
import type { RetryHandlerDeps } from '../../../consumers/src/retry-handler.ts'
import type { Sink } from '../../../consumers/src/sink.ts'
import type { DrainSpillOptions } from '../../../consumers/src/spill.ts'
import type { InsertRows } from '../../../consumers/src/warehouse/insert.ts'
import type { SimBinding } from './bucket.ts'
import type { ObjectClass } from './durable-object.ts'
import type { SimQueueBinding } from './queue.ts'

/** Makes envelopes durable, as `createMakeDurable` gives it. */
export type MakeDurable = (texts: string[]) => Promise<unknown>

/** What the collector has to make envelopes durable with. */
export interface DurableParts {
  enqueue: (texts: string[]) => Promise<void>
  spill: (texts: string[]) => Promise<void>
}

/** All seams. Each is the identity by default. */
export interface Seams {
  makeDurable: (real: MakeDurable, parts: DurableParts) => MakeDurable
  eventsDeps: (deps: EventsHandlerDeps) => EventsHandlerDeps
  retryDeps: (deps: RetryHandlerDeps) => RetryHandlerDeps
  deadDeps: (deps: DeadHandlerDeps) => DeadHandlerDeps
  /** A sink, outside of the one that leaves out who is forgotten. */
  sink: (sink: Sink) => Sink
  insert: (insert: InsertRows) => InsertRows
  /** Messages as a handler gets them. */
  message: (message: QueueMessage, queue: string) => QueueMessage
  spillOptions: (options: DrainSpillOptions) => DrainSpillOptions
  /** The bucket of the lake sink, and that of publishing. */
  lakeSinkBucket: (bucket: SimBinding) => SimBinding
  lakeJobBucket: (bucket: SimBinding) => SimBinding
  retryQueue: (queue: SimQueueBinding) => SimQueueBinding
  /** The class of the live object. */
  aggregator: (real: ObjectClass) => ObjectClass
  /** The sorting key of a row of `events` in ClickHouse. */
  sortingKey: (key: string, row: Row) => string
  /** Counts of the roll-up, by source and minute, from the rows as inserted and one of each key. */
  rollup: (recomputed: ReadonlyMap<string, number>, inserted: readonly Row[]) => ReadonlyMap<string, number>
}

/** No mutant. */
export const REAL: Seams = {
  makeDurable: (real) => real,
  eventsDeps: (deps) => deps,
  retryDeps: (deps) => deps,
  deadDeps: (deps) => deps,
  sink: (sink) => sink,
  insert: (insert) => insert,
  message: (message) => message,
  spillOptions: (options) => options,
  lakeSinkBucket: (bucket) => bucket,
  lakeJobBucket: (bucket) => bucket,
  retryQueue: (queue) => queue,
  aggregator: (real) => real,
  sortingKey: (key) => key,
  rollup: (recomputed) => recomputed,
}
