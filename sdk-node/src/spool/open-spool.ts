/**
 * The spool: an outbox on disk. Wires this client's own stream, the streams of dead processes that it adopted, and the
 * batches that were put back; decides whose turn it is, and when to look after claims and leftovers.
 */

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { MAX_EVENT_BYTES } from '@millrace/schemas/wire'
import { messageOf } from '../describe.ts'
import type { Batch, BatchLimits, Outbox, TakeWhat } from '../outbox.ts'
import type { Timers } from '../timers.ts'
import { createAdoptedStreams } from './adopted-streams.ts'
import { type ClaimContext, SILENCE_MS } from './claim.ts'
import { attempt, type FileSystem, platformFileSystem } from './file-system.ts'
import { createHeldBatches } from './held-batches.ts'
import { destinationFolder, FOLDER_MODE } from './layout.ts'
import { createOwnFolder } from './own-folder.ts'
import { createOwnSegments } from './own-segments.ts'
import { createOwnStream } from './own-stream.ts'
import { createReadPause } from './read-pause.ts'
import { FRAME_BYTES } from './record.ts'
import { createRecovery } from './recovery.ts'
import type { SeqRange } from './seq-ranges.ts'
import type { SpoolUsage } from './spool-file.ts'
import { createSyncer, type FsyncPolicy } from './syncer.ts'
import { createSystem, type System } from './system.ts'
import { createTroubleTeller, type SpoolTrouble, type TroubleTeller } from './trouble.ts'

export interface SpoolOptions {
  /** Folder of the spool; several clients, processes and destinations may share it. Made when it is not there. */
  directory: string
  /** What the events go to: a text that is the same for the same key and endpoint. Only its hash is written. */
  destination: string
  /** This client's stream. */
  stream: string
  fsync: FsyncPolicy
  /** Default: 1,000. */
  fsyncIntervalMs?: number
  /** Most bytes on disk of this client, adopted folders included. Default: 256 MiB. */
  maxBytes?: number
  /** Most bytes in memory while the disk fails. */
  maxQueueBytes: number
  /** Ids of batches; one of the platform's when it throws. */
  randomId: () => string
  timers: Pick<Timers, 'after'>
  onTrouble: (trouble: SpoolTrouble) => void
  /** Batches of an earlier process can be taken. */
  onWork: () => void
  /** Milliseconds since the epoch. Default: `Date.now`. */
  now?: () => number
  /** Calls back in the next turn of the event loop. Default: `setImmediate`. */
  defer?: (callback: () => void) => void
  fs?: FileSystem
  system?: System
}

const DEFAULT_MAX_BYTES = 256 * 1024 * 1024

/** Size at which a segment is full, unless the bound of the disk asks for less. A segment is freed as a whole. */
const SEGMENT_BYTES = 4 * 1024 * 1024

/** `R_OK | W_OK | X_OK` of access(2). */
const READ_WRITE_ENTER = 0b111

/** Room that the largest event takes, in bytes: who asks for room first never loses one. */
const LARGEST_BYTES = MAX_EVENT_BYTES + FRAME_BYTES

/** Milliseconds between two signs of life. */
const BEAT_MS = 10_000

/** Milliseconds without a sign of life after which a claim is looked at before it is relied on: the process was suspended. */
const STALE_MS = 30_000

/** Milliseconds between two looks for leftovers. */
const SCAN_MS = 30_000

/**
 * An outbox whose events outlive the process.
 *
 * @throws Error when the directory cannot be made or written: `spool directory /var/x cannot be used: EACCES …`.
 */
export function openSpool(options: SpoolOptions): Outbox {
  prepareDirectory(options.fs ?? platformFileSystem, options.directory)
  const { maxBytes = DEFAULT_MAX_BYTES, maxQueueBytes } = options
  const parts = createParts(options)
  const { usage, segments, own, adopted, held, syncer, folder } = parts
  let isOldNext = true
  let isReturnedNext = true

  function take(limits: BatchLimits, what: TakeWhat): Batch | undefined {
    parts.checkClaim()
    if (what === 'old') return takeOld(limits)
    const isOldFirst = isOldNext
    isOldNext = !isOldNext
    return isOldFirst ? (takeOld(limits) ?? takeNew(limits)) : (takeNew(limits) ?? takeOld(limits))
  }

  function takeNew(limits: BatchLimits): Batch | undefined {
    const taken = own.take(limits)
    return taken && held.hold(taken, undefined)
  }

  function takeOld(limits: BatchLimits): Batch | undefined {
    const isReturnedFirst = isReturnedNext
    isReturnedNext = !isReturnedNext
    return isReturnedFirst
      ? (held.takeReturned() ?? takeRecovered(limits))
      : (takeRecovered(limits) ?? held.takeReturned())
  }

  function takeRecovered(limits: BatchLimits): Batch | undefined {
    const found = adopted.take(limits)
    return found && held.hold(found.taken, found.from)
  }

  function save(): boolean {
    const isWritten = segments.write(true)
    adopted.write()
    segments.tidy()
    return syncer.syncAll() && isWritten
  }

  function repeat(everyMs: number, call: () => void): void {
    parts.after(everyMs, () => {
      call()
      repeat(everyMs, call)
    })
  }

  repeat(BEAT_MS, parts.beat)
  repeat(SCAN_MS, parts.scan)
  parts.defer(parts.scan)

  return {
    add: own.add,
    hasRoom: () =>
      usage.bytes + LARGEST_BYTES <= maxBytes && usage.unwrittenBytes + LARGEST_BYTES <= maxQueueBytes,
    isHalfFree: () => usage.bytes <= maxBytes / 2 && usage.unwrittenBytes <= maxQueueBytes / 2,
    take,
    putBack: ({ batchId }) => held.putBack(batchId),
    settle: ({ batchId }) => held.settle(batchId),
    hasOld: () => held.hasReturned() || (adopted.hasMore() && !parts.pause.isOn()),
    newCount: own.newCount,
    newBytes: own.newBytes,
    lastSeq: own.lastSeq,
    save,
    close() {
      save()
      parts.stop()
      segments.close()
      syncer.stop()
      folder.release()
      adopted.close()
    },
  }
}

/** The rooms of the spool, each knowing those it needs. */
function createParts(options: SpoolOptions) {
  const { directory, stream, timers, maxQueueBytes, onWork } = options
  const { fs = platformFileSystem, maxBytes = DEFAULT_MAX_BYTES } = options
  let isStopped = false
  const unlessStopped = (callback: () => void) => () => {
    if (!isStopped) callback()
  }
  const after = (delayMs: number, callback: () => void) => timers.after(delayMs, unlessStopped(callback))
  const defer = (callback: () => void) => (options.defer ?? deferWithImmediate)(unlessStopped(callback))
  // What a caller's function throws must not look like trouble with the disk.
  const randomId = () => attempt(options.randomId) ?? randomUUID().replaceAll('-', '')
  const now = () => attempt(options.now ?? Date.now) ?? Date.now()
  let lastBeatAt = now()
  const usage: SpoolUsage = { bytes: 0, unwrittenBytes: 0 }
  const trouble = createTroubleTeller(options.onTrouble)
  const pause = createReadPause({ after, trouble, onEnd: onWork })
  const intervalMs = options.fsyncIntervalMs ?? 1_000
  const syncer = createSyncer({ policy: options.fsync, intervalMs, after, trouble })
  const system = options.system ?? createSystem()
  const context: ClaimContext = { fs, system, stream, randomId, now, syncsFolders: options.fsync !== 'never' }
  const destination = destinationFolder(options.destination)
  const folder = createOwnFolder(context, join(directory, destination))
  const shared = { fs, usage, syncer, trouble, pause, randomId, defer }
  const segmentBytes = Math.min(SEGMENT_BYTES, maxBytes / 8)
  const writesAtOnce = options.fsync === 'always'
  const segments = createOwnSegments({ ...shared, folder, checkClaim, maxQueueBytes, segmentBytes, after })
  const own = createOwnStream({ ...shared, segments, writesAtOnce, maxBytes, maxQueueBytes })
  const adopted = createAdoptedStreams({ ...shared, onWork })
  const onTakenOver = (gone: SeqRange[]) => tellTakenOver(trouble, gone)
  const held = createHeldBatches({ stream, own, trouble, pause, onTakenOver })
  const recovery = createRecovery({
    context,
    directory,
    destination,
    isKnown: (name) => name === folder.name() || adopted.has(name),
    onClaimed: adopted.adopt,
    onForeign: (path) => tellForeign(trouble, path),
  })

  /** A process that was suspended for long finds out here, before it relies on what may be another's. */
  function checkClaim(): void {
    if (now() - lastBeatAt > STALE_MS) beat()
  }

  /** Gives signs of life; leaves folders that are not ours any more. */
  function beat(): void {
    const silentMs = now() - lastBeatAt
    lastBeatAt = now()
    adopted.beat()
    const found = folder.beat()
    // After a silence in which others may have taken it over, a folder that is not there was emptied by one of them.
    const state = found === 'gone' && silentMs >= SILENCE_MS ? 'lost' : found
    // Those of adopted folders that were lost a moment ago are forgotten as well.
    const lost = held.forgetLost()
    if (state === 'held') return
    folder.leave(state)
    if (state === 'gone') {
      segments.moveOn()
      trouble.tell({ code: 'spool_failed', message: 'the spool was deleted', dropped: 0, gone: [] })
    } else {
      const gone = own.loseFolder()
      onTakenOver([...lost, ...held.forgetLost(), ...gone])
    }
  }

  const stop = () => {
    isStopped = true
  }
  return {
    usage,
    pause,
    syncer,
    folder,
    segments,
    own,
    adopted,
    held,
    after,
    defer,
    beat,
    checkClaim,
    scan: recovery.scan,
    stop,
  }
}

function tellTakenOver(trouble: TroubleTeller, gone: SeqRange[]): void {
  const message = 'another process took over the folder of the spool, and sends what is in it'
  trouble.tell({ code: 'spool_failed', message, dropped: 0, gone })
}

function tellForeign(trouble: TroubleTeller, path: string): void {
  const message = `events for another key or endpoint lie in ${path}; a client with those sends them`
  trouble.tell({ code: 'spool_foreign', message, dropped: 0, gone: [] })
}

function prepareDirectory(fs: FileSystem, directory: string): void {
  try {
    fs.mkdirSync(directory, { recursive: true, mode: FOLDER_MODE })
    fs.accessSync(directory, READ_WRITE_ENTER)
  } catch (cause) {
    throw new Error(`spool directory ${directory} cannot be used: ${messageOf(cause)}`, { cause })
  }
}

function deferWithImmediate(callback: () => void): void {
  // Not unref'ed: it holds the process for one turn only, and Deno runs an unref'ed one when all else is done.
  setImmediate(callback)
}
