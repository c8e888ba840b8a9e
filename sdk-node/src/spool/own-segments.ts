/**
 * The segments of this client's own stream: begun, written, deleted. While the disk fails they wait in memory, without a file
 * yet. Leaves to others which events go in and out.
 */

import type { Cancel } from '../timers.ts'
import { errorCode, type FileSystem } from './file-system.ts'
import { createHistory } from './journal.ts'
import { segmentName } from './layout.ts'
import { oncePerTurn } from './once-per-turn.ts'
import type { OwnFolder } from './own-folder.ts'
import { Segment } from './segment.ts'
import { SpoolFile, type SpoolUsage } from './spool-file.ts'
import type { Syncer } from './syncer.ts'
import type { TroubleTeller } from './trouble.ts'

/** Milliseconds until a disk that failed is tried again. */
const RETRY_MS = 1_000

/** Milliseconds without an event after which a stream that is settled leaves the disk. */
const IDLE_MS = 1_000

export interface OwnSegmentsOptions {
  fs: FileSystem
  folder: OwnFolder
  usage: SpoolUsage
  syncer: Syncer
  trouble: TroubleTeller
  /** Leaves the folder when it may be another's by now. Called before anything is written. */
  checkClaim: () => void
  maxQueueBytes: number
  segmentBytes: number
  after: (delayMs: number, callback: () => void) => Cancel
  defer: (callback: () => void) => void
}

export interface OwnSegments {
  /** Oldest first. */
  all(): readonly Segment[]
  /** The one that the event with this number is to be added to: a new one when the last is full. */
  forNext(seq: number): Segment
  /** Deletes a segment that nobody needs, or lets go of its descriptors. */
  release(segment: Segment): void
  /** Forgets a segment that is let go of already. */
  drop(segment: Segment): void
  /** Writes what is in memory, when the disk is not known to fail or `isUrgent`; whether nothing is left in memory. */
  write(isUrgent?: boolean): boolean
  /** The same in the next turn of the event loop. */
  deferWrite(): void
  isSettled(): boolean
  /** Deletes everything when all is settled. */
  tidy(): void
  /** The same after a while in which no event came. */
  tidyWhenIdle(): void
  /** Goes on in new files with what is not written yet. */
  moveOn(): void
  /** Lets go of what is in a folder that is another's now: the segments that went with it. */
  loseFolder(): Segment[]
  close(): void
}

export function createOwnSegments(options: OwnSegmentsOptions): OwnSegments {
  const { fs, folder, usage, syncer, trouble, checkClaim, after, defer } = options
  const { maxQueueBytes, segmentBytes } = options
  let segments: Segment[] = []
  /** The last of `segments`, while events are added to it. */
  let active: Segment | undefined
  let segmentCount = 0
  let newestSeq = 0
  const deferWrite = oncePerTurn(defer, () => void write())
  let cancelRetry: Cancel | undefined
  let cancelIdle: Cancel | undefined

  function forNext(seq: number): Segment {
    newestSeq = seq
    if (isActiveFull()) {
      write()
      if (isActiveFull()) roll()
    }
    active ??= createSegment(seq)
    return active
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

  function release(segment: Segment): void {
    if (segment === active) return
    if (segment.isSettled()) {
      drop(segment)
      segment.remove()
    } else if (segment.events.pendingBytes() === 0) {
      segment.close(syncer.close)
    }
  }

  function write(isUrgent = false): boolean {
    if (usage.unwrittenBytes === 0) return true
    if (cancelRetry !== undefined && !isUrgent) return false
    checkClaim()
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

  function drop(segment: Segment): void {
    segments = segments.filter((other) => other !== segment)
    if (segment === active) active = undefined
  }

  function isSettled(): boolean {
    return segments.every((segment) => segment.isSettled())
  }

  function tidyWhenIdle(): void {
    const seqBefore = newestSeq
    cancelIdle ??= after(IDLE_MS, () => {
      cancelIdle = undefined
      if (!isSettled()) return
      if (newestSeq === seqBefore) tidy()
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

  function loseFolder(): Segment[] {
    if (active !== undefined) moveOn(active)
    const lost = segments.filter(({ events }) => events.writtenBytes() > 0)
    for (const segment of lost) {
      segment.forget('lost')
      drop(segment)
    }
    return lost
  }

  return {
    all: () => segments,
    forNext,
    release,
    drop,
    write,
    deferWrite,
    isSettled,
    tidy,
    tidyWhenIdle,
    moveOn() {
      if (active !== undefined) moveOn(active)
    },
    loseFolder,
    close() {
      cancelRetry?.()
      cancelIdle?.()
      for (const segment of segments.splice(0)) segment.forget('lost')
    },
  }
}
