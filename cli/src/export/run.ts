/** Brings a folder to what the lake has: fetches what is missing, writes it, and removes what the lake has no more. */

import {
  createManifest,
  type ManifestFile,
  selectFiles,
  UnreadableLakeFile,
  updateManifest,
} from '@millrace/schemas/lake'
import type { FilesDone } from '../lake/file-progress.ts'
import { type RemoteLake, RemoteLakeError } from '../lake/remote-lake.ts'
import { convertFile } from './convert.ts'
import { type ExportedFile, type ExportFolder, exportedPath } from './folder.ts'
import { type Cut, cutOf, isVerbatim, type Selection } from './selection.ts'

/** What an export needs. */
export interface ExportOptions {
  lake: RemoteLake
  folder: ExportFolder
  selection: Selection
  /** Milliseconds since 1970. */
  now: () => number
  /** Aborted when the export is to end. */
  signal: AbortSignal
  onProgress: (done: FilesDone) => void
  /** Called once something ends the export, so that what is on its way may be given up. */
  onFailure: () => void
}

/** What became of it. */
export interface ExportReport {
  source: string
  /** Of the files. */
  folder: string
  format: string
  files: number
  rows: number
  bytes: number
  /** Files that were fetched, that were there already, and that were removed. */
  fetched: number
  kept: number
  removed: number
  /** Files that could not be read; all others are there. */
  failed: { path: string; message: string }[]
}

/** Files that are fetched at once: each is in memory while it is. */
const CONCURRENCY = 4

/** How often the manifest is read again because files were replaced meanwhile. */
const MAX_PASSES = 4

/** Milliseconds between two writes of what is remembered. */
const SAVE_INTERVAL_MS = 2_000

type FileOutcome = { kind: 'fetched' | 'kept' } | { kind: 'replaced' | 'failed'; message: string }

/**
 * Runs it to its end. It may be ended at any time and run again.
 *
 * @throws RemoteLakeError when the collector refuses or cannot be reached; FolderError when the folder cannot be written; the
 *   signal's reason when it was aborted
 */
export async function runExport(options: ExportOptions): Promise<ExportReport> {
  const { lake, folder, selection } = options
  const outcomes = new Map<string, FileOutcome>()
  let manifest = createManifest(selection.source)
  for (let pass = 1; pass <= MAX_PASSES; pass++) {
    manifest = await lake.readManifest()
    const files = selectFiles(manifest, selection.range)
    await runPass(options, files, outcomes)
    if (!files.some(({ path }) => outcomes.get(path)?.kind === 'replaced')) break
  }
  return finish(options, selectFiles(manifest, selection.range), outcomes, folder)
}

async function runPass(
  options: ExportOptions,
  files: readonly ManifestFile[],
  outcomes: Map<string, FileOutcome>,
): Promise<void> {
  const { folder, signal, onProgress, onFailure } = options
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0)
  const done: FilesDone = { files: 0, totalFiles: files.length, bytes: 0, totalBytes }
  const save = createSaver(folder, options.now)
  let failure: { error: unknown } | undefined
  const work = files.values()
  const takeFiles = async () => {
    for (const file of work) {
      signal.throwIfAborted()
      const before = outcomes.get(file.path)
      const outcome = await takeFile(options, file)
      // What an earlier pass fetched is not there "already".
      if (outcome.kind !== 'kept' || before?.kind !== 'fetched') outcomes.set(file.path, outcome)
      done.files++
      done.bytes += file.bytes
      onProgress(done)
      await save()
    }
  }
  const workers = Array.from({ length: CONCURRENCY }, async () => {
    try {
      await takeFiles()
    } catch (error) {
      failure ??= { error }
      onFailure()
    }
  })
  await Promise.all(workers)
  if (failure !== undefined) {
    // A full disk has no room for this either.
    await folder.save().catch(() => {})
    throw failure.error
  }
  await folder.save()
}

function createSaver(folder: ExportFolder, now: () => number): () => Promise<void> {
  let nextAt = now() + SAVE_INTERVAL_MS
  return async () => {
    if (now() < nextAt) return
    nextAt = Number.POSITIVE_INFINITY
    await folder.save()
    nextAt = now() + SAVE_INTERVAL_MS
  }
}

async function takeFile(options: ExportOptions, file: ManifestFile): Promise<FileOutcome> {
  const { lake, folder, selection } = options
  const cut = cutOf(selection, file)
  if (await isThere(folder, selection, file, cut)) return { kind: 'kept' }
  try {
    const content = await lake.readFile(file.path, { sha256: file.sha256 })
    folder.state.files[file.path] = await writeFile(options, file, cut, content)
    return { kind: 'fetched' }
  } catch (error) {
    if (error instanceof UnreadableLakeFile) return { kind: 'failed', message: error.message }
    const isReplaced =
      error instanceof RemoteLakeError && (error.code === 'missing' || error.code === 'mismatch')
    if (isReplaced) return { kind: 'replaced', message: error.message }
    throw error
  }
}

/** Whether the file was exported before, and is still there. */
async function isThere(
  folder: ExportFolder,
  selection: Selection,
  file: ManifestFile,
  cut: Cut,
): Promise<boolean> {
  const { path, sha256 } = file
  const known = folder.state.files[path]
  const isKnown = known?.sha256 === sha256 && JSON.stringify(known.cut) === JSON.stringify(cut)
  if (isKnown && known.written === null) return true
  const expected = isKnown ? known.written?.sha256 : isVerbatim(selection, cut) ? sha256 : undefined
  if (expected === undefined || !(await folder.holds(exportedPath(path, selection.format), expected)))
    return false
  // A run that was killed may have written more than it remembered.
  if (!isKnown) folder.state.files[path] = { sha256, cut, written: file }
  return true
}

async function writeFile(
  { folder, selection }: ExportOptions,
  file: ManifestFile,
  cut: Cut,
  content: ArrayBuffer,
): Promise<ExportedFile> {
  const { sha256 } = file
  const path = exportedPath(file.path, selection.format)
  const writeVerbatim = async (): Promise<ExportedFile> => {
    await (await folder.write(path, whole(content))).keep()
    return { sha256, cut, written: file }
  }
  if (isVerbatim(selection, cut)) return writeVerbatim()
  const { pieces, facts, isWhole, schemaVersion } = convertFile(content, selection, cut)
  const part = await folder.write(path, pieces)
  const { buckets } = file
  const written = { path, bytes: part.bytes, sha256: part.sha256, buckets, schemaVersion, ...facts() }
  if (written.rows > 0 && !(selection.format === 'parquet' && isWhole())) {
    await part.keep()
    return { sha256, cut, written }
  }
  await part.drop()
  return written.rows === 0 ? { sha256, cut, written: null } : writeVerbatim()
}

async function* whole(content: ArrayBuffer): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(content)
}

/** Removes what is no longer in the manifest, so that no event stands twice, and writes the list of what is there. */
async function finish(
  { now, selection }: ExportOptions,
  files: readonly ManifestFile[],
  outcomes: ReadonlyMap<string, FileOutcome>,
  folder: ExportFolder,
): Promise<ExportReport> {
  const wanted = new Set(files.map(({ path }) => path))
  const { state } = folder
  for (const path of Object.keys(state.files)) if (!wanted.has(path)) delete state.files[path]
  const failed = files.flatMap(({ path }) => {
    const outcome = outcomes.get(path)
    return outcome !== undefined && 'message' in outcome ? [{ path, message: outcome.message }] : []
  })
  // Of a file that cannot be read now, the version that was exported before stays.
  const written = Object.values(state.files).flatMap((file) => file.written ?? [])
  const removed = await folder.removeOthers(new Set(written.map(({ path }) => path)))
  await folder.save()
  const empty = createManifest(selection.source)
  await folder.writeManifest(updateManifest(empty, { files: written }, now()))
  const count = (kind: FileOutcome['kind']) =>
    files.filter(({ path }) => outcomes.get(path)?.kind === kind).length
  const sum = (name: 'rows' | 'bytes') => written.reduce((total, file) => total + file[name], 0)
  return {
    source: selection.source,
    folder: folder.path,
    format: selection.format,
    files: written.length,
    rows: sum('rows'),
    bytes: sum('bytes'),
    fetched: count('fetched'),
    kept: count('kept'),
    removed,
    failed,
  }
}
