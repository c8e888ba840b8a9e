/**
 * This client's own events: numbered, written in segments, read back in order. While the disk fails they wait in memory, in
 * segments that have no file yet, and can be taken from there. Leaves batches that were put back, and recovery, to others.
 */

import type { BatchLimits, EncodedEvent } from '../outbox.ts'
import type { Cancel } from '../timers.ts'
import { errorCode, type FileSystem } from './file-system.ts'
import { createHistory } from './journal.ts'
import { segmentName } from './layout.ts'
import type { OwnFolder } from './own-folder.ts'
import type { ReadPause } from './read-pause.ts'
import { FRAME_BYTES, MAX_TEXT_BYTES } from './record.ts'
import { type OpenBatch, Segment, type TakenBatch } from './segment.ts'
import type { SeqRange } from './seq-ranges.ts'
import { SpoolFile, type SpoolUsage } from './spool-file.ts'
import type { Syncer } from './syncer.ts'
import { countOf, describeCount, type TroubleTeller } from './trouble.ts'
import { setAside } from './unreadable.ts'

/** Unwritten bytes at which `add` writes at once and does not wait for the next turn of the event loop. */
const WRITE_BYTES = 64 * 1024

/** Milliseconds until a disk that failed is tried again. */
const RETRY_MS = 1_000

/** Milliseconds without an event after which a stream that is settled leaves the disk. */
const IDLE_MS = 1_000

export interface OwnStreamOptions {
  fs: FileSystem
  folder: OwnFolder
  usage: SpoolUsage
  syncer: Syncer
  trouble: TroubleTeller
  pause: ReadPause
  randomId: () => string
  /** Whether `add` returns only after its event is on the disk. */
  writesAtOnce: boolean
  maxBytes: number
  maxQueueBytes: number
  segmentBytes: number
  after: (delayMs: number, callback: () => void) => Cancel
  defer: (callback: () => void) => void
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
  /** Writes what is in memory, when the disk is not known to fail or `isUrgent`; whether nothing is left in memory. */
  write(isUrgent?: boolean): boolean
  isSettled(): boolean
  /** Deletes everything when all is settled. */
  tidy(): void
  /** Gives up what is in a folder that is another's now: the numbers that went with it. */
  loseFolder(): SeqRange[]
  /** Goes on in new files with what is not written yet. */
  moveOn(): void
  close(): void
}

export function createOwnStream(options: OwnStreamOptions): OwnStream {
  const { fs, folder, usage, syncer, trouble, pause, randomId, writesAtOnce } = options
  const { maxBytes, maxQueueBytes, segmentBytes, after, defer } = options
  const writeBytes = Math.min(WRITE_BYTES, maxQueueBytes / 4)
  let segments: Segment[] = []
  /** The last of `segments`, while events are added to it. */
  let active: Segment | undefined
  let segmentCount = 0
  let lastSeq = 0
  let newCount = 0
  let newBytes = 0
  let isWriteDeferred = false
  let cancelRetry: Cancel | undefined
  let cancelIdle: Cancel | undefined

  function add({ json, bytes }: EncodedEvent): number | undefined {
    const size = bytes + FRAME_BYTES
    if (usage.bytes + size > maxBytes || bytes > MAX_TEXT_BYTES) return undefined
    if (usage.unwrittenBytes + size > maxQueueBytes && !(write() && size <= maxQueueBytes)) return undefined
    if (isActiveFull()) {
      write()
      if (isActiveFull()) roll()
    }
    active ??= createSegment(lastSeq + 1)
    lastSeq += 1
    newCount += 1
    newBytes += bytes + 1
    active.append(lastSeq, json, bytes)
    if (writesAtOnce || usage.unwrittenBytes >= writeBytes) write()
    else deferWrite()
    return lastSeq
  }

  function isActiveFull(): boolean {
    if (active === undefined) return false
    // In memory in smaller pieces, because a segment is freed as a whole.
    return (
      active.size() >= (trouble.isFailing('write') ? Math.min(segmentBytes, maxQueueBytes / 8) : segmentBytes)
    )
  }

  function createSegment(firstSeq: number): Segment {
    const { base } = segmentName(++segmentCount, firstSeq)
    const file = (ending: string) =>
      new SpoolFile({ fs, usage, path: () => `${folder.ensure()}/${base}.${ending}` })
    const segment = new Segment({
      events: file('events'),
      journal: file('journal'),
      firstSeq,
      history: createHistory(),
    })
    segments.push(segment)
    return segment
  }

  function roll(): void {
    const rolled = active
    active = undefined
    if (rolled !== undefined) release(rolled)
  }

  /** Deletes a segment that nobody needs, or lets go of its descriptors. */
  function release(segment: Segment): void {
    if (segment === active) return
    if (segment.isSettled()) {
      segments = segments.filter((other) => other !== segment)
      segment.remove()
    } else if (segment.events.pendingBytes() === 0) {
      segment.close(syncer.close)
    }
  }

  function deferWrite(): void {
    if (isWriteDeferred) return
    isWriteDeferred = true
    defer(() => {
      isWriteDeferred = false
      write()
    })
  }

  function write(isUrgent = false): boolean {
    if (usage.unwrittenBytes === 0) return true
    if (cancelRetry !== undefined && !isUrgent) return false
    let hasFailed = false
    // A copy: what cannot be written moves to a new segment.
    for (const segment of [...segments]) if (!writeSegment(segment)) hasFailed = true
    if (hasFailed) retryLater()
    return !hasFailed
  }

  function writeSegment(segment: Segment): boolean {
    try {
      if (segment.write(syncer.written)) trouble.works('write')
      return true
    } catch (cause) {
      trouble.failed('write', cause)
      // When somebody deleted the folder, the next attempt makes it anew.
      if (errorCode(cause) === 'ENOENT' && folder.beat() === 'gone') folder.leave('gone')
      moveOn(segment)
      return false
    }
  }

  /** After a failure: what is not written goes on in a new file, because the old one may be what is broken. */
  function moveOn(segment: Segment): void {
    const { events } = segment
    if (events.writtenBytes() === 0) return
    if (segment === active) active = undefined
    if (events.pendingBytes() === 0) return
    // Only the last segment has both: a segment is written before the next one begins.
    active = createSegment(segment.writtenSeq() + 1)
    segment.movePendingTo(active)
  }

  function retryLater(): void {
    cancelRetry ??= after(RETRY_MS, () => {
      cancelRetry = undefined
      write()
    })
  }

  function take(limits: BatchLimits): TakenFrom | undefined {
    write()
    for (const segment of [...segments]) {
      if (pause.isOn()) return undefined
      if (segment.isAtEnd()) continue
      const taken = takeFrom(segment, limits)
      if (segment.isAtEnd()) release(segment)
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
      write()
      return taken
    } catch (cause) {
      if (pause.beginFor(cause)) return undefined
      segments = segments.filter((other) => other !== segment)
      if (segment === active) active = undefined
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
    release(segment)
    if (isSettled()) tidyWhenIdle()
    else deferWrite()
  }

  function isSettled(): boolean {
    return segments.every((segment) => segment.isSettled())
  }

  function tidyWhenIdle(): void {
    const seqBefore = lastSeq
    cancelIdle ??= after(IDLE_MS, () => {
      cancelIdle = undefined
      if (!isSettled()) return
      if (lastSeq === seqBefore) tidy()
      else tidyWhenIdle()
    })
  }

  function tidy(): void {
    if (!isSettled()) return
    for (const segment of segments) segment.remove()
    segments = []
    active = undefined
    folder.remove()
  }

  function loseFolder(): SeqRange[] {
    const gone: SeqRange[] = []
    if (active !== undefined) moveOn(active)
    for (const segment of segments.filter(({ events }) => events.writtenBytes() > 0)) {
      segment.forget()
      const unread = segment.unread()
      leaveOut(unread.count)
      if (unread.count > 0) gone.push(unread)
    }
    segments = segments.filter(({ events }) => events.writtenBytes() === 0)
    active = active === segments.at(-1) ? active : undefined
    return gone
  }

  return {
    add,
    take,
    settle,
    newCount: () => newCount,
    newBytes: () => newBytes,
    lastSeq: () => lastSeq,
    write,
    isSettled,
    tidy,
    loseFolder,
    moveOn() {
      if (active !== undefined) moveOn(active)
    },
    close() {
      cancelRetry?.()
      cancelIdle?.()
      for (const segment of segments.splice(0)) segment.forget()
    },
  }
}
