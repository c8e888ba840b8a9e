/**
 * Takes forgotten persons out of what the lake has published, and of the copies of refused events: rewrites each object that
 * holds one of theirs, and writes down which. The operator's command says where to look; what is not published yet is left
 * out when it is.
 */

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
import { idsOfQuarantined } from '../forgotten/named-ids.ts'
import { createTest } from '../forgotten/without-forgotten.ts'
import { type LakeBucket, listAll, type StoredContent, type StoredObject } from './bucket.ts'
import { createForgottenTest, NAMING_COLUMNS } from './forgotten-rows.ts'
import { readManifest, writeManifest } from './manifest-store.ts'
import { type ChangedFile, changeFile, readRange } from './published-file.ts'

/** What a run works with. */
export interface ForgetEffects extends Statements {
  bucket: LakeBucket
  /** Milliseconds since 1970. */
  now: () => number
  log: (record: Record<string, unknown>) => void
}

/** Where it is kept how far a folder is that takes several runs. */
const PROGRESS_KEY = 'parts/_forgetting.json'

/** Folders that requests name and that are not done. */
const OPEN = `
SELECT source, request_id AS request, detail FROM erasures FINAL
WHERE step = 'lake' AND (source, request_id, detail) NOT IN (
  SELECT source, request_id, detail FROM erasures WHERE step = 'rewritten'
)
ORDER BY at, detail`

const HASHES = 'SELECT DISTINCT source, id_hash FROM forgotten'

const RECORD = `
INSERT INTO erasures (source, request_id, step, detail)
SELECT {source:String}, {request:String}, {step:String}, {detail:String}`

interface OpenFolder {
  source: string
  request: string
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
  for (const folder of open) {
    if (effects.now() >= endsAt) return
    const hashes = forgotten.get(folder.source) ?? new Set<string>()
    const { prefix = '' } = JSON.parse(folder.detail) as { prefix?: string }
    const work = prefix.startsWith(EVENTS_PREFIX) ? rewriteFiles : rewriteRefused
    if (!(await work(effects, folder, prefix, hashes, endsAt))) continue
    await record(effects, folder, 'rewritten', folder.detail)
    await writeProgress(effects, folder, undefined)
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
  const { bucket, now } = effects
  const keep = createForgottenTest(hashes)
  const after = await readProgress(effects, folder)
  const stored = await readManifest(bucket, folder.source)
  const files = stored.manifest.files.filter(({ path }) => path.startsWith(prefix) && path > after)
  const changes: ChangedFile[] = []
  try {
    for (const file of files) {
      if (now() >= endsAt) {
        await writeProgress(effects, folder, file.path)
        return false
      }
      const changed = await rewriteFile(effects, folder, file, keep)
      if (changed === 'unreadable') return false
      if (changed !== 'left') changes.push(changed)
    }
    return true
  } finally {
    // Once for all, also when the work was cut short: R2 takes one write a second for each key.
    if (changes.length > 0) {
      const entries = changes.flatMap((change) => (change.kind === 'removed' ? [] : [change.entry]))
      const removed = changes.flatMap((change) => (change.kind === 'removed' ? [change.path] : []))
      await writeManifest(bucket, stored, (manifest) =>
        updateManifest(manifest, { files: entries, removed }, now()),
      )
    }
  }
}

async function rewriteFile(
  effects: ForgetEffects,
  folder: OpenFolder,
  { path, bytes, buckets }: ManifestFile,
  keep: (batch: LakeBatch) => number[],
): Promise<ChangedFile | 'left' | 'unreadable'> {
  const { bucket, log } = effects
  const file = parseFileKey(path)
  const object = await bucket.head(path)
  if (file === undefined || object === null) return 'left'
  try {
    const rows = await countForgotten(bucket, object, keep)
    // Other bytes than the manifest says: it was rewritten by a run that was cut off before it could say so.
    if (rows === 0 && object.size === bytes) return 'left'
    const changed = await changeFile(bucket, { file, buckets, keep })
    if (rows > 0) {
      await record(effects, folder, 'rewritten_file', JSON.stringify({ path, rows }))
      log({ level: 'info', event: 'lake_rewritten', key: path, rows, request: folder.request })
    }
    return changed
  } catch (error) {
    if (!(error instanceof UnreadableLakeFile)) throw error
    // The folder stays open: somebody must look at that file.
    const { request } = folder
    log({ level: 'error', event: 'lake_file_unreadable', key: path, request, error: error.message })
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
      await writeProgress(effects, folder, key)
      return false
    }
    const object = (await bucket.get(key)) as StoredContent | null
    const lines = ((await object?.text()) ?? '').split('\n').filter((line) => line !== '')
    const kept: string[] = []
    for (const line of lines) {
      if (!(await isForgotten(idsOfQuarantined(JSON.parse(line))))) kept.push(line)
    }
    const rows = lines.length - kept.length
    if (rows === 0) continue
    if (kept.length === 0) await bucket.delete(key)
    else await bucket.put(key, `${kept.join('\n')}\n`)
    await record(effects, folder, 'rewritten_file', JSON.stringify({ path: key, rows }))
    log({ level: 'info', event: 'lake_rewritten', key, rows, request: folder.request })
  }
  return true
}

function record(
  { run }: ForgetEffects,
  { source, request }: OpenFolder,
  step: string,
  detail: string,
): Promise<void> {
  return run(RECORD, { source, request, step, detail })
}

type Progress = Record<string, string>

function nameOf({ source, request, detail }: OpenFolder): string {
  return `${source} ${request} ${detail}`
}

/** The key after which it goes on; empty at the beginning. */
async function readProgress({ bucket }: ForgetEffects, folder: OpenFolder): Promise<string> {
  return (await loadProgress(bucket))[nameOf(folder)] ?? ''
}

async function writeProgress(
  { bucket }: ForgetEffects,
  folder: OpenFolder,
  next: string | undefined,
): Promise<void> {
  const progress = await loadProgress(bucket)
  const name = nameOf(folder)
  if (next === undefined && progress[name] === undefined) return
  // The one at which the time was up is looked at again.
  const { [name]: _, ...others } = progress
  const updated = next === undefined ? others : { ...others, [name]: `${next.slice(0, -1)}` }
  await bucket.put(PROGRESS_KEY, JSON.stringify(updated))
}

async function loadProgress(bucket: LakeBucket): Promise<Progress> {
  const object = (await bucket.get(PROGRESS_KEY)) as StoredContent | null
  return object === null ? {} : (JSON.parse(await object.text()) as Progress)
}
