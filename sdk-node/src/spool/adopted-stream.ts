/**
 * The leftover events of a stream whose process is gone, in a folder that this client claimed: given out as they were
 * formed, or in new batches. One segment is read at a time; the folder goes with the last event.
 */

import { join } from 'node:path'
import { messageOf } from '../describe.ts'
import type { BatchLimits } from '../outbox.ts'
import type { Claim } from './claim.ts'
import { attempt, type FileSystem } from './file-system.ts'
import { createHistory, readHistory } from './journal.ts'
import { type SegmentName, segmentsIn, strayJournalsIn } from './layout.ts'
import type { TakenFrom } from './own-stream.ts'
import type { ReadPause } from './read-pause.ts'
import { type OpenBatch, Segment } from './segment.ts'
import { SpoolFile, type SpoolUsage } from './spool-file.ts'
import type { Syncer } from './syncer.ts'
import { countOf, describeCount, type TroubleTeller } from './trouble.ts'
import { setAside } from './unreadable.ts'

export interface AdoptedStreamOptions {
  fs: FileSystem
  claim: Claim
  stream: string
  usage: SpoolUsage
  syncer: Syncer
  trouble: TroubleTeller
  pause: ReadPause
  randomId: () => string
  /** Asks for a `write` soon. */
  deferWrite: () => void
}

export interface AdoptedStream {
  readonly claim: Claim
  readonly stream: string
  /** Whether `take` may give a batch. After one that gave none it will not. */
  hasMore(): boolean
  take(limits: BatchLimits): TakenFrom | undefined
  settle(segment: Segment, batch: OpenBatch): void
  /** Writes entries of journals that are in memory. What cannot be written waits. */
  write(): void
  /** Whether everything is settled; the folder is deleted then. */
  isFinished(): boolean
  /** Lets go of the files; the folder is another's or stays for the next. */
  forget(): void
}

/** Opens a claimed folder. Throws when it cannot be listed. */
export function createAdoptedStream(options: AdoptedStreamOptions): AdoptedStream {
  const { fs, claim, stream, usage, syncer, trouble, pause, randomId, deferWrite } = options
  const names = fs.readdirSync(claim.path)
  for (const name of strayJournalsIn(names)) attempt(() => fs.unlinkSync(join(claim.path, name)))
  /** Segments not opened yet, with their files, whose bytes count already. */
  const waiting = segmentsIn(names).map((name) => ({ name, files: openFiles(name) }))
  let current: Segment | undefined
  /** Read to the end, with batches under way. */
  let held: Segment[] = []
  let isGone = false

  function openFiles({ base }: SegmentName): { events: SpoolFile; journal: SpoolFile } {
    const file = (ending: string) => {
      const path = join(claim.path, `${base}.${ending}`)
      const size = attempt(() => fs.statSync(path).size)
      return new SpoolFile({ fs, path, usage, ...(size !== undefined && { existingBytes: size }) })
    }
    return { events: file('events'), journal: file('journal') }
  }

  function openNext(): Segment | undefined {
    const next = waiting.shift()
    if (next === undefined) return undefined
    const { name, files } = next
    // Without a journal everything is sent again, and event ids sort it out.
    const history = attempt(() => readHistory((...place) => files.journal.read(...place))) ?? createHistory()
    // Not simply the next one, which may be a copy that somebody made.
    const following = waiting.find((other) => other.name.firstSeq > name.firstSeq)?.name.firstSeq
    return new Segment({
      ...files,
      firstSeq: name.firstSeq,
      history,
      maxSeq: following === undefined ? undefined : following - 1,
    })
  }

  function take(limits: BatchLimits): TakenFrom | undefined {
    while (hasMore() && !pause.isOn()) {
      current ??= openNext()
      const segment = current
      if (segment === undefined) break
      const taken = takeFrom(segment, limits)
      if (segment.isAtEnd()) finishReading(segment)
      if (taken !== undefined) return taken
    }
    finish()
    return undefined
  }

  function takeFrom(segment: Segment, limits: BatchLimits): TakenFrom | undefined {
    try {
      const { taken, missing, hasGarbledTail } = segment.take(limits, randomId)
      pause.works()
      reportMissing(segment, countOf(missing) + (hasGarbledTail ? 1 : 0))
      // Before the batch is sent, so that after another crash it comes again as it is.
      if (taken?.batch.isNewlyFormed) writeSegment(segment)
      return taken && { ...taken, segment }
    } catch (cause) {
      if (pause.beginFor(cause)) return undefined
      current = undefined
      const path = setAside(fs, segment)
      const message = `events of an earlier process could not be read and are left in ${path}: ${messageOf(cause)}`
      trouble.tell({ code: 'spool_damaged', message, dropped: 0, gone: [], cause })
      return undefined
    }
  }

  function reportMissing(segment: Segment, dropped: number): void {
    if (dropped === 0) return
    const message = `${describeCount(dropped)} of an earlier process in ${segment.events.path()} could not be read`
    trouble.tell({ code: 'spool_damaged', message, dropped, gone: [] })
  }

  function finishReading(segment: Segment): void {
    if (segment !== current) return
    current = undefined
    if (segment.isSettled()) segment.remove()
    else held.push(segment)
  }

  function settle(segment: Segment, { batchId }: OpenBatch): void {
    if (isGone || !segment.settle(batchId)) return
    if (held.includes(segment) && segment.isSettled()) {
      held = held.filter((other) => other !== segment)
      segment.remove()
      finish()
    } else {
      deferWrite()
    }
  }

  function hasMore(): boolean {
    return !isGone && (current !== undefined || waiting.length > 0)
  }

  function finish(): void {
    if (isGone || hasMore() || held.length > 0) return
    isGone = true
    claim.removeFolder()
  }

  function writeSegment(segment: Segment): void {
    try {
      segment.write(syncer.written)
    } catch (cause) {
      trouble.failed('write', cause)
    }
  }

  return {
    claim,
    stream,
    hasMore,
    take,
    settle,
    write() {
      for (const segment of current === undefined ? held : [...held, current]) writeSegment(segment)
    },
    isFinished() {
      finish()
      return isGone
    },
    forget() {
      isGone = true
      for (const { files } of waiting.splice(0)) {
        files.events.forget()
        files.journal.forget()
      }
      for (const segment of current === undefined ? held : [...held, current]) segment.forget('lost')
    },
  }
}
