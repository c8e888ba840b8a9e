/** The folder that an export is in: files that are there whole or not at all, and what is remembered of them. */

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import {
  encodeManifest,
  type LakeFileFormat,
  type Manifest,
  type ManifestFile,
  sourcePrefix,
} from '@millrace/schemas/lake'
import { UsageError } from '../command-world.ts'
import { createFileStep } from '../file-step.ts'
import { type Cut, describeDifference, type TypedSelection } from './selection.ts'

/** What is remembered of a file of the lake. */
export interface ExportedFile {
  /** Of the file of the lake, hex. */
  sha256: string
  /** What of it was wanted. */
  cut: Cut
  /** What was written; `null` when no row was wanted, and nothing was. */
  written: ManifestFile | null
}

/** `_export.json`; readers pass over names that begin with `_`. */
export interface ExportState {
  version: 1
  selection: TypedSelection
  /** By path in the lake. */
  files: Record<string, ExportedFile>
}

/** Something could not be read or written on this machine; the message says what and why. */
export class FolderError extends Error {
  override readonly name = 'FolderError'
}

const attempt = createFileStep(FolderError)

/** A folder of exports, of one source. */
export interface ExportFolder {
  /** Its path, as it was typed. */
  path: string
  state: ExportState
  /** Writes what is remembered. */
  save: () => Promise<void>
  /** Whether a file is there with this content; `path` as the lake has it, with the ending of the format. */
  holds: (path: string, sha256: string) => Promise<boolean>
  /** Writes a file; it is there when it is complete. */
  write: (
    path: string,
    pieces: AsyncIterable<Uint8Array>,
  ) => Promise<{ bytes: number; sha256: string; keep: () => Promise<void>; drop: () => Promise<void> }>
  /** Removes the files that are not among these, and gives how many. */
  removeOthers: (paths: ReadonlySet<string>) => Promise<number>
  /** Writes the list of the files. */
  writeManifest: (manifest: Manifest) => Promise<void>
}

const STATE_NAME = '_export.json'
const MANIFEST_NAME = '_manifest.json'

/** Ending of a file that is being written. It also begins with a dot, so that neither `*` nor `*.parquet` finds it. */
const PART_ENDING = '.part'

const FILE_NAME = /^bucket-\d{1,4}\.(parquet|ndjson|csv)$/

/**
 * Opens a folder, and makes it when it is not there.
 *
 * @throws UsageError when it holds an export of another selection, or files that are of none; FolderError when it cannot be
 *   read or written
 */
export async function openFolder(out: string, selection: TypedSelection): Promise<ExportFolder> {
  const { source, format, from, to, where } = selection
  const root = join(out, sourcePrefix(source))
  const statePath = join(root, STATE_NAME)
  const state = (await readState(statePath, root, selection)) ?? {
    version: 1,
    selection: { source, format, from, to, where },
    files: {},
  }
  const save = () => replaceText(statePath, JSON.stringify(state))
  // From now on the folder is known to hold an export, however it ends.
  await save()
  return {
    path: root,
    state,
    save,
    holds: async (path, sha256) => (await hashOf(join(out, path))) === sha256,
    write: (path, pieces) => writeBeside(join(out, path), pieces),
    removeOthers: (paths) => removeOthers(out, root, paths),
    writeManifest: (manifest) => replaceText(join(root, MANIFEST_NAME), encodeManifest(manifest)),
  }
}

/** The path of a file of the lake in an export of that format. */
export function exportedPath(path: string, format: LakeFileFormat): string {
  return path.replace(/parquet$/, format)
}

async function readState(
  path: string,
  root: string,
  selection: TypedSelection,
): Promise<ExportState | undefined> {
  const text = await attempt('read', path, () => readFile(path, 'utf8'), undefined)
  if (text === undefined) {
    const names = await attempt('read', root, () => readdir(root), [])
    if (names.length === 0) return undefined
    throw new UsageError(
      `${root} holds files that are of no export (it has no ${STATE_NAME}): give another --out`,
    )
  }
  const state = parseState(text)
  if (state === undefined)
    throw new UsageError(`${path} is not what this command wrote: give another --out, or remove ${root}`)
  const difference = describeDifference(state.selection, selection)
  if (difference === undefined) return state
  throw new UsageError(`${root} holds an export ${difference}: give another --out, or remove it`)
}

function parseState(text: string): ExportState | undefined {
  try {
    const value = JSON.parse(text) as Partial<ExportState> | null
    const isState = value?.version === 1 && Array.isArray(value.selection?.where)
    return isState && typeof value.files === 'object' ? (value as ExportState) : undefined
  } catch {
    // Somebody has written into it.
    return undefined
  }
}

async function hashOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256')
  return attempt(
    'read',
    path,
    async () => {
      for await (const piece of createReadStream(path)) hash.update(piece)
      return hash.digest('hex')
    },
    undefined,
  )
}

async function writeBeside(path: string, pieces: AsyncIterable<Uint8Array>) {
  const folder = dirname(path)
  const part = join(folder, `.${path.slice(folder.length + 1)}${PART_ENDING}`)
  const hash = createHash('sha256')
  let bytes = 0
  await attempt('write', folder, () => mkdir(folder, { recursive: true }))
  const drop = () => rm(part, { force: true })
  const file = await attempt('write', part, () => open(part, 'w'))
  try {
    for await (const piece of pieces) {
      hash.update(piece)
      bytes += piece.byteLength
      await attempt('write', path, () => file.writeFile(piece))
    }
    // Else a power cut might leave the name, and nothing behind it.
    await attempt('write', path, () => file.datasync())
  } catch (error) {
    await file.close()
    await drop()
    throw error
  }
  await file.close()
  const keep = () => attempt('write', path, () => rename(part, path))
  return { bytes, sha256: hash.digest('hex'), keep, drop }
}

async function replaceText(path: string, text: string): Promise<void> {
  const pieces = (async function* () {
    yield new TextEncoder().encode(text)
  })()
  await (await writeBeside(path, pieces)).keep()
}

async function removeOthers(out: string, root: string, paths: ReadonlySet<string>): Promise<number> {
  const entries = await attempt('read', root, () => readdir(root, { recursive: true, withFileTypes: true }))
  let count = 0
  for (const { name, parentPath } of entries) {
    const path = join(parentPath, name)
    const isFile = FILE_NAME.test(name) && !paths.has(relative(out, path).replaceAll(sep, '/'))
    const isPart = name.startsWith('.bucket-') && name.endsWith(PART_ENDING)
    if (!isFile && !isPart) continue
    await attempt('remove', path, () => rm(path, { force: true }))
    if (isFile) count++
    await removeEmpty(parentPath, root)
  }
  return count
}

/** Removes folders that have become empty, upwards. */
async function removeEmpty(folder: string, root: string): Promise<void> {
  if (!folder.startsWith(root) || relative(root, folder) === '') return
  try {
    await rmdir(folder)
  } catch {
    // There is something in it.
    return
  }
  await removeEmpty(dirname(folder), root)
}
