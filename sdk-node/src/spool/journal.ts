/**
 * What happened to the events of one segment: which were formed into which batch, and which are settled. Entries are only
 * ever added; a lost `settled` sends events again, a lost `formed` sends them in another batch, and event ids make both
 * harmless.
 */

import { createRecordReader, type ReadBytes } from './record-reader.ts'
import { createSeqRanges, type SeqRange, type SeqRanges } from './seq-ranges.ts'

/** A batch that was given out. */
export interface FormedBatch extends SeqRange {
  batchId: string
}

/** What an earlier process left to be known about a segment. */
export interface SegmentHistory {
  settled: SeqRanges
  /** Batches given out and not settled, by sequence number. */
  formed: FormedBatch[]
}

/** Text of the entry that a batch was formed. */
export function encodeFormed({ batchId, firstSeq, count }: FormedBatch): string {
  return JSON.stringify(['formed', firstSeq, count, batchId])
}

/** Text of the entry that events are settled. */
export function encodeSettled({ firstSeq, count }: SeqRange): string {
  return JSON.stringify(['settled', firstSeq, count])
}

/** No history: of a segment that this process writes, or whose journal is gone. */
export function createHistory(): SegmentHistory {
  return { settled: createSeqRanges(), formed: [] }
}

/**
 * The history in a journal; garbled entries are passed over. Of two batches with a common event the later one counts: the
 * earlier was split up because some of its events could not be read. A batch that is settled in part was split up too.
 * Throws what reading throws.
 */
export function readHistory(read: ReadBytes): SegmentHistory {
  const { settled, formed } = createHistory()
  const batches: FormedBatch[] = []
  const reader = createRecordReader(read)
  for (let record = reader.next(); record !== undefined; record = reader.next()) {
    const entry = parseEntry(record.text())
    if (entry === undefined) continue
    if (entry.batchId === undefined) settled.add(entry)
    else batches.push({ ...entry, batchId: entry.batchId })
  }
  // Latest first, so that an earlier one that overlaps is known by the numbers taken already.
  const taken = createSeqRanges()
  for (const batch of batches.reverse()) {
    if (taken.countIn(batch) === 0 && settled.countIn(batch) === 0) formed.push(batch)
    taken.add(batch)
  }
  formed.sort((a, b) => a.firstSeq - b.firstSeq)
  return { settled, formed }
}

interface Entry extends SeqRange {
  /** Absent: the events are settled. */
  batchId: string | undefined
}

function parseEntry(text: string): Entry | undefined {
  const [kind, firstSeq, count, batchId] = parseList(text)
  if (!isPositive(firstSeq) || !isPositive(count)) return undefined
  if (kind === 'settled') return { firstSeq, count, batchId: undefined }
  return kind === 'formed' && typeof batchId === 'string' ? { firstSeq, count, batchId } : undefined
}

function parseList(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : []
  } catch {
    // The checksum held, so this is an entry of another version; like a garbled one, it is passed over.
    return []
  }
}

function isPositive(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0
}
