/**
 * Takes forgotten persons out of what the lake has published, and of the copies of refused events: rewrites each object that
 * holds one of theirs, and writes down which. The operator's command says where to look; what is not published yet is left
 * out when it is.
 */

import type { QuarantinedEvent } from '@millrace/schemas'
import {
  EVENTS_PREFIX,
  emptyBatch,
  LAKE_COLUMNS,
  type LakeBatch,
  type ManifestFile,
  openLakeFile,
  parseFileKey,
  UnreadableLakeFile,
  updateManifest,
} from '@millrace/schemas/lake'
import type { Statements } from '@millrace/schemas/recompute'
import type { ForgottenHashes } from '../forgotten/lookup.ts'
import { idsOfQuarantined, type NamedId } from '../forgotten/named-ids.ts'
import { createTest } from '../forgotten/without-forgotten.ts'
import { type LakeBucket, listAll, type StoredContent, type StoredObject } from './bucket.ts'
import { createForgottenTest, NAMING_COLUMNS } from './forgotten-rows.ts'
import { readManifest, writeManifest } from './manifest-store.ts'
import { type ChangedFile, changeFile, readRange } from './published-file.ts'
import { readBuckets } from './sweep.ts'

/** What a run works with. */
export interface ForgetEffects extends Statements {
  bucket: LakeBucket
  /** Milliseconds since 1970. */
  now: () => number
  log: (record: Record<string, unknown>) => void
  /** Whether the run may still write; see `lease.ts`. Default: it may. */
  isHeld?: () => boolean
}

/** Where it is kept how far a folder is that takes several runs. */
const PROGRESS_KEY = 'parts/_forgetting.json'

/** Folders that requests name and that are not done since, with all requests that wait for them. */
const OPEN = `
SELECT source, detail, arraySort(groupArray(request_id)) AS requests
FROM (
  SELECT source, request_id, detail, maxIf(at, step = 'lake') AS asked, maxIf(at, step = 'rewritten') AS done
  FROM erasures WHERE step IN ('lake', 'rewritten') GROUP BY source, request_id, detail
)
WHERE asked > done
GROUP BY source, detail
ORDER BY min(asked), length(detail) DESC, detail`

const HASHES = 'SELECT DISTINCT source, id_hash FROM forgotten'

const RECORD = `
INSERT INTO erasures (source, request_id, step, detail)
SELECT {source:String}, {request:String}, {step:String}, {detail:String}`

interface OpenFolder {
  source: string
  requests: string[]
  /** JSON text of `{ prefix }`. */
  detail: string
}

/** Hashes of the forgotten ids of each source that has any. Rejects when the warehouse does not answer. */
export async function readForgotten({
  read,
}: Pick<Statements, 'read'>): Promise<Map<string, ForgottenHashes>> {
  const rows = await read<{ source: string; id_hash: string }>(HASHES)
  const bySource = Map.groupBy(rows, ({ source }) => source)
  return new Map([...bySource].map(([source, some]) => [source, new Set(some.map(({ id_hash }) => id_hash))]))
}

/** Whether there is a folder that is open. Rejects when the warehouse does not answer. */
export async function hasOpenFolders({ read }: Pick<Statements, 'read'>): Promise<boolean> {
  return (await read(`${OPEN} LIMIT 1`)).length > 0
}

/**
 * Works on the folders that are open until all are done or the time is up. May be cut off and repeated anywhere.
 *
 * @param endsAt milliseconds since 1970
 * @throws what ClickHouse or the bucket throws; the next run goes on
 */
export async function rewriteForgotten(effects: ForgetEffects, endsAt: number): Promise<void> {
  const open = await effects.read<OpenFolder>(OPEN)
  if (open.length === 0) return
  // After the folders: the ids of each request are written down before its folders are.
  const forgotten = await readForgotten(effects)
  const progress = await loadProgress(effects.bucket)
  for (const folder of open) {
    if (effects.now() >= endsAt) return
    if ((progress[nameOf(folder)]?.retryAt ?? 0) > effects.now()) continue
    const hashes = forgotten.get(folder.source) ?? new Set<string>()
    const { prefix = '' } = JSON.parse(folder.detail) as { prefix?: string }
    const work = prefix.startsWith(EVENTS_PREFIX) ? rewriteFiles : rewriteRefused
    if (!(await work(effects, folder, prefix, hashes, endsAt))) continue
    for (const request of folder.requests)
      await record(effects, { ...folder, request }, 'rewritten', folder.detail)
    await writeProgress(effects, folder, undefined)
  }
}

/**
 * Looks again at the files that a run has written, where somebody was forgotten while it did: it may have known of what the
 * warehouse did not, and so what no folder names.
 *
 * @param known who was forgotten when it began
 */
export async function rewriteWritten(
  effects: ForgetEffects,
  written: ReadonlyMap<string, ReadonlySet<string>>,
  known: ReadonlyMap<string, ForgottenHashes>,
): Promise<void> {
  const now = await readForgotten(effects)
  for (const [source, hashes] of now) {
    const keys = written.get(source)
    if (keys === undefined || (known.get(source)?.size ?? 0) >= hashes.size) continue
    await rewriteAll(effects, { source, requests: [] }, keys, hashes)
  }
}

/** @returns whether it came to the end */
async function rewriteFiles(
  effects: ForgetEffects,
  folder: OpenFolder,
  prefix: string,
  hashes: ForgottenHashes,
  endsAt: number,
): Promise<boolean> {
  const after = await readProgress(effects, folder)
  // As they lie there, whatever the manifest says: a run may have been cut off before it said so.
  const keys: string[] = []
  const options = { prefix, ...(after === '' ? {} : { startAfter: after }) }
  for await (const { key } of listAll(effects.bucket, options))
    if (parseFileKey(key) !== undefined) keys.push(key)
  const end = await rewriteAll(effects, folder, keys, hashes, endsAt)
  if (typeof end === 'string') await writeProgress(effects, folder, { after: before(end) })
  // Somebody has to look at a file; the others are done, so not every minute.
  if (end === false) await writeProgress(effects, folder, { retryAt: effects.now() + RETRY_MS })
  return end === true
}

/** @returns whether all was done, or the key that it came to when the time was up */
async function rewriteAll(
  effects: ForgetEffects,
  place: Pick<OpenFolder, 'source' | 'requests'>,
  keys: Iterable<string>,
  hashes: ForgottenHashes,
  endsAt = Number.POSITIVE_INFINITY,
): Promise<boolean | string> {
  const { bucket, now } = effects
  const keep = createForgottenTest(hashes)
  const stored = await readManifest(bucket, place.source)
  const known = new Map(stored.manifest.files.map((file) => [file.path, file]))
  const changes: ChangedFile[] = []
  let isWhole = true
  try {
    for (const key of keys) {
      if (now() >= endsAt) return key
      const changed = await rewriteFile(effects, place, key, known.get(key), keep)
      if (changed === 'unreadable') isWhole = false
      else if (changed !== 'left') changes.push(changed)
    }
    return isWhole
  } finally {
    // Once for all, also when the work was cut short: R2 takes one write a second for each key.
    if (changes.length > 0 && effects.isHeld?.() !== false) {
      const files = changes.flatMap((change) => (change.kind === 'removed' ? [] : [change.entry]))
      const removed = changes.flatMap((change) => (change.kind === 'removed' ? [change.path] : []))
      await writeManifest(bucket, stored, (manifest) => updateManifest(manifest, { files, removed }, now()))
    }
  }
}

async function rewriteFile(
  effects: ForgetEffects,
  place: Pick<OpenFolder, 'source' | 'requests'>,
  key: string,
  entry: ManifestFile | undefined,
  keep: (batch: LakeBatch) => number[],
): Promise<ChangedFile | 'left' | 'unreadable'> {
  const { bucket, log, isHeld } = effects
  const file = parseFileKey(key)
  const object = await bucket.head(key)
  if (file === undefined) return 'left'
  if (object === null) return { kind: 'removed', path: key }
  const { requests } = place
  try {
    const rows = await countForgotten(bucket, object, keep)
    // Other bytes than the manifest says: it was written by a run that was cut off before it could say so.
    if (rows === 0 && object.size === entry?.bytes) return 'left'
    const buckets = entry?.buckets ?? (await readBuckets(bucket, object))
    const changed = await changeFile(bucket, { file, buckets, isHeld, keep })
    if (rows > 0) {
      await recordFile(effects, place, key, rows)
      log({ level: 'info', event: 'lake_rewritten', key, rows, requests })
    }
    return changed
  } catch (error) {
    if (!(error instanceof UnreadableLakeFile)) throw error
    // The folder stays open: somebody must look at that file.
    log({ level: 'error', event: 'lake_file_unreadable', key, requests, error: error.message })
    return 'unreadable'
  }
}

/** Rows of a file that are to go, by the columns that name somebody. */
async function countForgotten(
  bucket: LakeBucket,
  { key, size, etag }: StoredObject,
  keep: (batch: LakeBatch) => number[],
): Promise<number> {
  const file = await openLakeFile({ byteLength: size, read: readRange(bucket, key, etag) })
  const readers = NAMING_COLUMNS.map((name) => [name, file.column(name)] as const)
  let count = 0
  for (;;) {
    const batch = emptyBatch()
    for (const [name, values] of readers) {
      const { value, done } = await values.next()
      if (done === true) return count
      batch.count = value.length
      batch.columns[LAKE_COLUMNS.findIndex((column) => column.name === name)] = value
    }
    count += batch.count - keep(batch).length
  }
}

/** @returns whether it came to the end */
async function rewriteRefused(
  effects: ForgetEffects,
  folder: OpenFolder,
  prefix: string,
  hashes: ForgottenHashes,
  endsAt: number,
): Promise<boolean> {
  const { bucket, now, log } = effects
  const isForgotten = createTest(hashes)
  const after = await readProgress(effects, folder)
  const options = { prefix, ...(after === '' ? {} : { startAfter: after }) }
  for await (const { key } of listAll(bucket, options)) {
    if (now() >= endsAt) {
      await writeProgress(effects, folder, { after: before(key) })
      return false
    }
    const object = (await bucket.get(key)) as StoredContent | null
    const lines = ((await object?.text()) ?? '').split('\n').filter((line) => line !== '')
    const kept: string[] = []
    for (const line of lines) {
      const ids = readIds(line)
      if (ids === undefined)
        log({ level: 'error', event: 'quarantine_unreadable', key, requests: folder.requests })
      if (ids === undefined || !(await isForgotten(ids))) kept.push(line)
    }
    const rows = lines.length - kept.length
    if (rows === 0) continue
    if (kept.length === 0) await bucket.delete(key)
    else await bucket.put(key, `${kept.join('\n')}\n`)
    await recordFile(effects, folder, key, rows)
    log({ level: 'info', event: 'lake_rewritten', key, rows, requests: folder.requests })
  }
  return true
}

async function recordFile(
  effects: ForgetEffects,
  { source, requests }: Pick<OpenFolder, 'source' | 'requests'>,
  path: string,
  rows: number,
): Promise<void> {
  for (const request of requests) {
    await record(effects, { source, request }, 'rewritten_file', JSON.stringify({ path, rows }))
  }
}

function record(
  { run }: ForgetEffects,
  { source, request }: { source: string; request: string },
  step: string,
  detail: string,
): Promise<void> {
  return run(RECORD, { source, request, step, detail })
}

/** Ids that a line names; `undefined` when it is none of ours. */
function readIds(line: string): NamedId[] | undefined {
  try {
    return idsOfQuarantined(JSON.parse(line) as QuarantinedEvent)
  } catch {
    // Somebody else put it there; it is told, and left.
    return undefined
  }
}

/** How long a folder with a file that cannot be read is left alone, in milliseconds. */
const RETRY_MS = 3_600_000

/** How far a folder is. */
interface FolderProgress {
  /** Key after which it goes on. */
  after?: string
  /** Milliseconds since 1970. */
  retryAt?: number
}

type Progress = Record<string, FolderProgress>

/** Whoever asks for a folder that is under way has to wait for all of it. */
function nameOf({ source, requests, detail }: OpenFolder): string {
  return `${source} ${requests.join()} ${detail}`
}

/** What sorts before a key, so that the one at which the time was up is looked at again. */
function before(key: string): string {
  return key.slice(0, -1)
}

/** The key after which it goes on; empty at the beginning. */
async function readProgress({ bucket }: ForgetEffects, folder: OpenFolder): Promise<string> {
  return (await loadProgress(bucket))[nameOf(folder)]?.after ?? ''
}

async function writeProgress(
  { bucket }: ForgetEffects,
  folder: OpenFolder,
  next: FolderProgress | undefined,
): Promise<void> {
  const progress = await loadProgress(bucket)
  const name = nameOf(folder)
  if (next === undefined && progress[name] === undefined) return
  const { [name]: _, ...others } = progress
  await bucket.put(PROGRESS_KEY, JSON.stringify(next === undefined ? others : { ...others, [name]: next }))
}

async function loadProgress(bucket: LakeBucket): Promise<Progress> {
  const object = (await bucket.get(PROGRESS_KEY)) as StoredContent | null
  return object === null ? {} : (JSON.parse(await object.text()) as Progress)
}
