/**
 * A stretch of a stream on disk: its events in one file, what happened to them in another. Gives out batches in order and
 * knows which of them are under way. Leaves to others when to write, and what to do when the disk fails.
 */

import type { BatchLimits } from '../outbox.ts'
import { encodeFormed, encodeSettled, type FormedBatch, type SegmentHistory } from './journal.ts'
import { createRecordReader, type ReadRecord } from './record-reader.ts'
import type { SeqRange } from './seq-ranges.ts'
import type { SpoolFile } from './spool-file.ts'

export interface SegmentOptions {
  events: SpoolFile
  journal: SpoolFile
  firstSeq: number
  history: SegmentHistory
  /** Number that the last event can have at most, when a later segment tells; what is missing before it may never have been here. */
  maxSeq?: number | undefined
}

/** A batch given out: its place in the file, to read it again. */
export interface OpenBatch extends FormedBatch {
  position: number
  /** Bytes of the events, each with its comma. */
  bytes: number
  isNewlyFormed: boolean
}

export interface TakenBatch {
  batch: OpenBatch
  events: string[]
}

/** What `take` found: a batch, or none; and sequence numbers whose events are not to be read. */
export interface Take {
  taken: TakenBatch | undefined
  missing: SeqRange[]
  /** Whether the file ends with bytes that belong to no event. Only said of a file whose last number is not known. */
  hasGarbledTail: boolean
}

export class Segment {
  readonly events: SpoolFile
  readonly journal: SpoolFile
  readonly firstSeq: number
  readonly #history: SegmentHistory
  readonly #reader
  readonly #open = new Map<string, OpenBatch>()
  readonly #maxSeq: number
  /** Known of a segment that this process writes; of another's only the file can tell. */
  #lastSeq: number | undefined
  #writtenSeq: number
  /** Sequence number expected next, and where to look for it. */
  #nextSeq: number
  #position = 0
  #isAtEnd = false
  #isForgotten = false
  #isLost = false
  #entries = 0

  constructor({ events, journal, firstSeq, history, maxSeq }: SegmentOptions) {
    this.events = events
    this.journal = journal
    this.firstSeq = firstSeq
    this.#history = history
    this.#maxSeq = maxSeq ?? Infinity
    this.#nextSeq = firstSeq
    this.#writtenSeq = firstSeq - 1
    this.#reader = createRecordReader((target, offset, length, position) =>
      events.read(target, offset, length, position),
    )
  }

  /** Adds an event at the end, in memory. Sequence numbers follow each other. */
  append(seq: number, json: string, bytes: number): void {
    this.events.append(seq, json, bytes)
    this.#lastSeq = seq
  }

  /**
   * Writes what is in memory; throws what the disk or `onWritten` says. The journal first: it may tell of events that are
   * not there, but events must not come back without the batches that they were given out in. Whether there was anything.
   */
  write(onWritten: (file: SpoolFile) => void): boolean {
    let hasWritten = false
    for (const file of [this.journal, this.events]) {
      if (file.pendingBytes() === 0) continue
      file.write()
      if (file === this.events) this.#writtenSeq = this.#lastSeq ?? this.#writtenSeq
      onWritten(file)
      hasWritten = true
    }
    return hasWritten
  }

  /** Sequence number of the last event that is in the file. */
  writtenSeq(): number {
    return this.#writtenSeq
  }

  /** Hands the events that are not written to another segment; none of them may be in a batch. */
  movePendingTo(segment: Segment): void {
    segment.events.takePending(this.events)
    segment.#lastSeq = this.#lastSeq
    this.#lastSeq = segment.firstSeq - 1
  }

  /** Bytes on disk and in memory. */
  size(): number {
    return this.events.size() + this.journal.size()
  }

  /** Whether every event was given out or found missing. */
  isAtEnd(): boolean {
    if (this.#lastSeq !== undefined) return this.#nextSeq > this.#lastSeq
    return this.#isAtEnd || this.#position >= this.events.size()
  }

  /** Whether nothing of it is needed any more, unless events are added. */
  isSettled(): boolean {
    return this.isAtEnd() && this.#open.size === 0
  }

  /** Numbers that were not given out. */
  unread(): SeqRange {
    return { firstSeq: this.#nextSeq, count: Math.max(0, (this.#lastSeq ?? 0) - this.#nextSeq + 1) }
  }

  openBatches(): OpenBatch[] {
    return [...this.#open.values()]
  }

  /**
   * The next batch: one of the history as it was formed, or consecutive events within the limits under a new id, whose
   * entry is in the journal's memory then. Throws what reading throws; nothing has changed then.
   */
  take(limits: BatchLimits, createId: () => string): Take {
    for (;;) {
      const found = this.#collect(limits)
      const [first] = found.records
      if (found.formed !== undefined && found.records.length < found.formed.count) {
        // An event of it cannot be read, so the batch cannot come again as it was: the others travel in new ones.
        this.#dissolve(found.formed)
        continue
      }
      this.#nextSeq = found.nextSeq
      this.#position = found.position
      const { missing, hasGarbledTail } = found
      if (first === undefined) {
        this.#isAtEnd = true
        return { taken: undefined, missing: [...missing, ...this.#missingAtEnd()], hasGarbledTail }
      }
      return { taken: this.#give(found, first, createId), missing, hasGarbledTail: false }
    }
  }

  /** The events of an open batch once more; `undefined` when they are not what they were. Throws what reading throws. */
  takeAgain({ firstSeq, count, position }: OpenBatch): string[] | undefined {
    const events: string[] = []
    this.#reader.seek(position)
    while (events.length < count) {
      const record = this.#reader.next()
      if (record === undefined || record.number > firstSeq + events.length) return undefined
      if (record.number === firstSeq + events.length) events.push(record.text())
    }
    return events
  }

  /** Forgets an open batch; the entry is in the journal's memory then. `false` when there is none with this id. */
  settle(batchId: string): boolean {
    const batch = this.#open.get(batchId)
    if (batch === undefined || this.#isForgotten) return false
    this.#open.delete(batchId)
    this.#note(encodeSettled(batch))
    return true
  }

  /** Lets go of descriptors and buffers by `closeFile`, until they are needed again. */
  close(closeFile: (file: SpoolFile) => void): void {
    this.#reader.release()
    closeFile(this.events)
    closeFile(this.journal)
  }

  /** Deletes both files: the events first, because a journal alone means nothing. */
  remove(): void {
    this.#isForgotten = true
    this.events.remove()
    this.journal.remove()
  }

  /** Lets go of both files as they are, because they are another's now or cannot be read. */
  forget(why: 'lost' | 'unreadable'): void {
    this.#isForgotten = true
    this.#isLost = why === 'lost'
    this.events.forget()
    this.journal.forget()
  }

  /** Whether its batches can be neither read again nor settled. */
  isForgotten(): boolean {
    return this.#isForgotten
  }

  /** Whether another process has it now, and sends its batches. */
  isLost(): boolean {
    return this.#isLost
  }

  #give({ records, formed, bytes }: Found, first: FoundEvent, createId: () => string): TakenBatch {
    const batch: OpenBatch = {
      batchId: formed?.batchId ?? createId(),
      firstSeq: first.seq,
      count: records.length,
      position: first.start,
      bytes,
      isNewlyFormed: formed === undefined,
    }
    this.#open.set(batch.batchId, batch)
    if (formed === undefined) this.#note(encodeFormed(batch))
    return { batch, events: records.map(({ json }) => json) }
  }

  /** Reads what belongs together, from the present position on, and changes nothing. */
  #collect({ maxEvents, maxBytes }: BatchLimits): Found {
    const found: Found = {
      records: [],
      bytes: 0,
      formed: undefined,
      missing: [],
      nextSeq: this.#nextSeq,
      position: this.#position,
      hasGarbledTail: false,
    }
    this.#reader.seek(this.#position)
    for (;;) {
      const record = this.#reader.next()
      if (record === undefined) {
        const mayHaveMore = this.#lastSeq === undefined && found.nextSeq <= this.#maxSeq
        found.hasGarbledTail = mayHaveMore && this.#reader.hasSkipped()
        return found
      }
      if (this.#isForeign(record, found)) found.position = record.end
      else if (found.records.length === 0) this.#begin(found, record)
      else if (this.#isNext(found, record, maxEvents, maxBytes)) push(found, record)
      else return found
      if (found.records.length === found.formed?.count) return found
    }
  }

  /** An event that was there before, or that lies behind the end: a write that failed may have left it there. */
  #isForeign({ number }: ReadRecord, { nextSeq }: Found): boolean {
    return number < nextSeq || number > (this.#lastSeq ?? this.#maxSeq)
  }

  #begin(found: Found, record: ReadRecord): void {
    const seq = record.number
    const { settled } = this.#history
    found.missing.push(...settled.missingIn({ firstSeq: found.nextSeq, count: seq - found.nextSeq }))
    if (settled.has(seq)) {
      found.nextSeq = seq + 1
      found.position = record.end
      return
    }
    found.formed = this.#formedWith(seq)
    if (found.formed !== undefined && found.formed.firstSeq !== seq) {
      this.#dissolve(found.formed)
      found.formed = undefined
    }
    push(found, record)
  }

  #isNext(
    { records, formed, bytes, nextSeq }: Found,
    record: ReadRecord,
    maxEvents: number,
    maxBytes: number,
  ) {
    if (record.number !== nextSeq) return false
    if (formed !== undefined) return true
    if (records.length >= maxEvents || bytes + record.textBytes + 1 > maxBytes) return false
    return !this.#history.settled.has(nextSeq) && this.#formedWith(nextSeq) === undefined
  }

  #formedWith(seq: number): FormedBatch | undefined {
    // Those before `seq` were given out or dissolved, but for damage: the list is short at its beginning.
    const { formed } = this.#history
    for (let [batch] = formed; batch !== undefined && batch.firstSeq + batch.count <= seq; [batch] = formed) {
      formed.shift()
    }
    const [batch] = formed
    return batch !== undefined && batch.firstSeq <= seq ? batch : undefined
  }

  #dissolve(batch: FormedBatch): void {
    const { formed } = this.#history
    const index = formed.indexOf(batch)
    if (index >= 0) formed.splice(index, 1)
  }

  /** What is missing behind the last event that could be read. */
  #missingAtEnd(): SeqRange[] {
    const range = this.unread()
    this.#nextSeq = range.firstSeq + range.count
    return this.#history.settled.missingIn(range)
  }

  #note(entry: string): void {
    this.#entries += 1
    this.journal.append(this.#entries, entry, Buffer.byteLength(entry))
  }
}

interface FoundEvent {
  seq: number
  start: number
  json: string
}

interface Found {
  records: FoundEvent[]
  /** Of the events, each with its comma. */
  bytes: number
  /** The batch of the history that the events are of. */
  formed: FormedBatch | undefined
  missing: SeqRange[]
  nextSeq: number
  position: number
  hasGarbledTail: boolean
}

function push(found: Found, record: ReadRecord): void {
  found.records.push({ seq: record.number, start: record.start, json: record.text() })
  found.bytes += record.textBytes + 1
  found.nextSeq = record.number + 1
  found.position = record.end
}
