/**
 * Where accepted events are until the collector has answered for them: the one interface of the queue in memory and of the
 * spool on disk. An outbox numbers events and forms batches; when to send which is the client's business.
 */

/** An event as it travels: text, so that nothing the caller does afterwards can change it. */
export interface EncodedEvent {
  /** One line of JSON. */
  json: string
  /** Length of `json` in UTF-8. */
  bytes: number
}

/** Events that travel together. Formed once: whatever happens to its requests, and to the process, it stays as it is. */
export interface Batch {
  readonly batchId: string
  /** Stream of the events; another one than the client's when they were recovered. */
  readonly stream: string
  /** Event `i` has sequence number `firstSeq + i`. */
  readonly firstSeq: number
  /** JSON texts, at least one. */
  readonly events: readonly string[]
  /** Whether an earlier process accepted these events. */
  readonly isRecovered: boolean
}

/** What a batch may hold at most; one event always fits. */
export interface BatchLimits {
  maxEvents: number
  /** Bytes of the events, each with its comma. */
  maxBytes: number
}

/** Which batches may be taken: only those formed before (put back, or of an earlier process), or new ones too. */
export type TakeWhat = 'old' | 'all'

/** No function throws; trouble with a disk is told by a callback of the implementation's options. */
export interface Outbox {
  /** Takes an event and numbers it: 1, 2, 3 … in this client's stream; `undefined`, and no number, when there is no room. */
  add(event: EncodedEvent): number | undefined
  /** Whether any event would be taken, the largest too. */
  hasRoom(): boolean
  /** Whether at most half of the room is in use. */
  isHalfFree(): boolean
  /** The next batch to send; `undefined` when there is none. It is held until it is settled or put back. */
  take(limits: BatchLimits, what: TakeWhat): Batch | undefined
  /** The batch was not delivered: it comes again, as it is, after the others that wait. */
  putBack(batch: Batch): void
  /** The collector answered for every event of the batch, or they were given up: they are forgotten. */
  settle(batch: Batch): void
  /** Whether `take` with `old` would give a batch. */
  hasOld(): boolean
  /** Events of this client that are in no batch yet. */
  newCount(): number
  /** Their bytes, each with its comma. */
  newBytes(): number
  /** Sequence number given out last; 0 before the first. */
  lastSeq(): number
  /**
   * Writes what is not written yet, without waiting for anything; `true` when every event that is not settled will outlive
   * the process. Always `false` in memory, unless it is empty.
   */
  save(): boolean
  /** Saves, lets go of files and timers. Nothing else is called afterwards. */
  close(): void
}
