/**
 * This client's own events: numbered, counted, read back in order. Leaves the files to the segments, and batches that were put
 * back, and recovery, to others.
 */

import type { BatchLimits, EncodedEvent } from '../outbox.ts'
import type { FileSystem } from './file-system.ts'
import type { OwnSegments } from './own-segments.ts'
import type { ReadPause } from './read-pause.ts'
import { FRAME_BYTES, MAX_TEXT_BYTES } from './record.ts'
import type { OpenBatch, Segment, TakenBatch } from './segment.ts'
import type { SeqRange } from './seq-ranges.ts'
import type { SpoolUsage } from './spool-file.ts'
import { countOf, describeCount, type TroubleTeller } from './trouble.ts'
import { setAside } from './unreadable.ts'

/** Unwritten bytes at which `add` writes at once and does not wait for the next turn of the event loop. */
const WRITE_BYTES = 64 * 1024

export interface OwnStreamOptions {
  fs: FileSystem
  segments: OwnSegments
  usage: SpoolUsage
  trouble: TroubleTeller
  pause: ReadPause
  randomId: () => string
  /** Whether `add` returns only after its event is on the disk. */
  writesAtOnce: boolean
  maxBytes: number
  maxQueueBytes: number
}

/** A batch given out, and the segment that it is of. */
export interface TakenFrom extends TakenBatch {
  segment: Segment
}

export interface OwnStream {
  add(event: EncodedEvent): number | undefined
  take(limits: BatchLimits): TakenFrom | undefined
  settle(segment: Segment, batch: OpenBatch): void
  newCount(): number
  newBytes(): number
  lastSeq(): number
  /** Gives up what is in a folder that is another's now: the numbers that went with it. */
  loseFolder(): SeqRange[]
}

export function createOwnStream(options: OwnStreamOptions): OwnStream {
  const { fs, segments, usage, trouble, pause, randomId, writesAtOnce, maxBytes, maxQueueBytes } = options
  const writeBytes = Math.min(WRITE_BYTES, maxQueueBytes / 4)
  let lastSeq = 0
  let newCount = 0
  let newBytes = 0

  function hasRoomFor(size: number): boolean {
    if (usage.bytes + size > maxBytes) return false
    if (usage.unwrittenBytes + size <= maxQueueBytes) return true
    return size <= maxQueueBytes && segments.write()
  }

  function add({ json, bytes }: EncodedEvent): number | undefined {
    if (bytes > MAX_TEXT_BYTES || !hasRoomFor(bytes + FRAME_BYTES)) return undefined
    const seq = lastSeq + 1
    const segment = segments.forNext(seq)
    lastSeq = seq
    newCount += 1
    newBytes += bytes + 1
    segment.append(seq, json, bytes)
    if (writesAtOnce || usage.unwrittenBytes >= writeBytes) segments.write()
    else segments.deferWrite()
    return seq
  }

  function take(limits: BatchLimits): TakenFrom | undefined {
    segments.write()
    // A copy: what is settled is taken out of the list.
    for (const segment of [...segments.all()]) {
      if (pause.isOn()) return undefined
      if (segment.isAtEnd()) continue
      const taken = takeFrom(segment, limits)
      if (segment.isAtEnd()) segments.release(segment)
      if (taken !== undefined) return { ...taken, segment }
    }
    return undefined
  }

  function takeFrom(segment: Segment, limits: BatchLimits): TakenBatch | undefined {
    try {
      const { taken, missing } = segment.take(limits, randomId)
      pause.works()
      forgetNew(missing, 'could not be read', undefined)
      if (taken === undefined) return undefined
      newCount -= taken.events.length
      newBytes = newCount === 0 ? 0 : Math.max(0, newBytes - taken.batch.bytes)
      // Before the batch is sent, so that after a crash it comes again as it is.
      segments.write()
      return taken
    } catch (cause) {
      if (pause.beginFor(cause, true)) return undefined
      segments.drop(segment)
      forgetNew([segment.unread()], `could not be read and are left in ${setAside(fs, segment)}`, cause)
      return undefined
    }
  }

  function forgetNew(ranges: SeqRange[], what: string, cause: unknown): void {
    const dropped = countOf(ranges)
    if (dropped === 0) return
    leaveOut(dropped)
    const message = `${describeCount(dropped)} of the spool ${what}`
    trouble.tell({
      code: 'spool_damaged',
      message,
      dropped,
      gone: ranges,
      ...(cause !== undefined && { cause }),
    })
  }

  /** The bytes of events that cannot be read are known by their average only. */
  function leaveOut(count: number): void {
    newBytes -= Math.round((newBytes * count) / Math.max(newCount, 1))
    newCount -= count
  }

  function settle(segment: Segment, { batchId }: OpenBatch): void {
    if (!segment.settle(batchId)) return
    segments.release(segment)
    if (segments.isSettled()) segments.tidyWhenIdle()
    else segments.deferWrite()
  }

  function loseFolder(): SeqRange[] {
    const gone = segments.loseFolder().map((segment) => segment.unread())
    leaveOut(countOf(gone))
    return gone.filter(({ count }) => count > 0)
  }

  return {
    add,
    take,
    settle,
    newCount: () => newCount,
    newBytes: () => newBytes,
    lastSeq: () => lastSeq,
    loseFolder,
  }
}
