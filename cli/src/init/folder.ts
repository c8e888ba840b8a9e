/** The folder of a project: what is in it, and files that are put into it whole or not at all. */

import { lstat, mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { createFileStep } from '../file-step.ts'

/** What is done with files; Node's own by default. */
export interface FileSystem {
  lstat: typeof lstat
  mkdir: typeof mkdir
  readFile: typeof readFile
  rename: typeof rename
  rm: typeof rm
  rmdir: typeof rmdir
  writeFile: typeof writeFile
}

/** Something could not be read or written; the message says what and why. */
export class InitFailure extends Error {
  override readonly name = 'InitFailure'
}

const attempt = createFileStep(InitFailure)

/** A file that is there. */
export interface FoundFile {
  text: string
  /** Permission bits. */
  mode: number
}

/** A file that is to be there. */
export interface NewFile {
  name: string
  text: string
  /** Permission bits where it takes the place of nothing. Default: those of an editor's new file. */
  mode?: number
  /** What it takes the place of, as it was read; `undefined`: nothing. */
  before: FoundFile | undefined
}

const FILE_SYSTEM: FileSystem = { lstat, mkdir, readFile, rename, rm, rmdir, writeFile }

/** A file of an editor's making, which is nobody's secret. */
const NEW_MODE = 0o666

/** A project's folder, which need not exist. */
export function openProjectFolder(path: string, fileSystem: FileSystem = FILE_SYSTEM) {
  return {
    /** Its path, as it was typed. */
    path,
    /**
     * Reads a file of it; `undefined` when there is none.
     *
     * @throws InitFailure when it is no plain file of UTF-8 text, or cannot be read
     */
    read: (name: string) => readPlainFile(join(path, name), fileSystem),
    /**
     * Puts files into it, and makes the folder when it is not there. Until all of them are on the disk none has its name;
     * then each is replaced at once.
     *
     * @param checkpoint called before the first gets its name; what it throws leaves everything as it was
     * @throws InitFailure when one cannot be written, or was changed by another since it was read
     */
    write: (files: readonly NewFile[], checkpoint: () => void) =>
      files.length === 0 ? Promise.resolve() : writeAll(path, files, { fileSystem, checkpoint }),
  }
}

/** What {@link openProjectFolder} gives. */
export type ProjectFolder = ReturnType<typeof openProjectFolder>

async function readPlainFile(path: string, { lstat, readFile }: FileSystem): Promise<FoundFile | undefined> {
  const found = await attempt('read', path, () => lstat(path), undefined)
  if (found === undefined) return undefined
  if (!found.isFile())
    throw new InitFailure(`${path} is ${kindOf(found)}: move it away, or choose another folder`)
  const bytes = await attempt('read', path, () => readFile(path))
  return { text: decode(path, bytes as Buffer), mode: found.mode & 0o777 }
}

function kindOf(found: { isDirectory: () => boolean; isSymbolicLink: () => boolean }): string {
  if (found.isDirectory()) return 'a folder, not a file'
  return found.isSymbolicLink() ? 'a symbolic link, which is not followed' : 'not a plain file'
}

function decode(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new InitFailure(`${path} is not UTF-8 text: move it away, or choose another folder`, { cause })
  }
}

interface Writing {
  fileSystem: FileSystem
  checkpoint: () => void
}

async function writeAll(folder: string, files: readonly NewFile[], { fileSystem, checkpoint }: Writing) {
  const { mkdir, writeFile, rename } = fileSystem
  const made = await attempt('make', folder, () => mkdir(folder, { recursive: true }))
  const parts: string[] = []
  const placed: string[] = []
  try {
    for (const { name, text, mode = NEW_MODE, before } of files) {
      const part = join(folder, `.${name}.${process.pid}.part`)
      parts.push(part)
      const options = { mode: before?.mode ?? mode, flag: 'wx', flush: true }
      await attempt('write', join(folder, name), () => writeFile(part, text, options))
    }
    for (const file of files) await checkUnchanged(folder, file, fileSystem)
    checkpoint()
    for (const [index, { name }] of files.entries()) {
      await attempt('write', join(folder, name), () => rename(parts[index] ?? '', join(folder, name)))
      placed.push(name)
    }
  } catch (error) {
    await removeTraces(
      folder,
      { parts: parts.slice(placed.length), made: placed.length === 0 ? made : undefined },
      fileSystem,
    )
    if (error instanceof InitFailure && placed.length > 0)
      error.message += `; written before it: ${placed.join(', ')}`
    throw error
  }
}

async function checkUnchanged(
  folder: string,
  { name, before }: NewFile,
  fileSystem: FileSystem,
): Promise<void> {
  const path = join(folder, name)
  const now = await readPlainFile(path, fileSystem)
  if (now?.text === before?.text) return
  throw new InitFailure(`${path} was changed meanwhile, and nothing was written: run the command again`)
}

/** Removes what was begun: parts of files, and the folders that were made for them. */
async function removeTraces(
  folder: string,
  { parts, made }: { parts: readonly string[]; made: string | undefined },
  { rm, rmdir }: FileSystem,
): Promise<void> {
  // What cannot be removed is no news beside the failure that is about to be told.
  for (const part of parts) await rm(part, { force: true }).catch(() => undefined)
  if (made === undefined) return
  for (let path = resolve(folder); path.length >= resolve(made).length; path = dirname(path))
    await rmdir(path).catch(() => undefined)
}
