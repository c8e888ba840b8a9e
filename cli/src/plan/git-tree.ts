/** Puts the files of an earlier commit into a folder of their own, so that its configuration can be imported. */

import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { UsageError } from '../command-world.ts'

/** Folder inside the project that git ignores; a folder outside would not find the project's packages. */
const WORK_FOLDER = '.millrace'

/** What a configuration can import. Everything else of the commit is left where it is. */
const MODULE_FILE = /\.(?:[cm]?[jt]s|json)$/

/** Most bytes of a list of files, as git prints it. */
const MAX_LIST_BYTES = 64 * 1024 * 1024

/** A commit. */
export interface Commit {
  /** As the user wrote it. */
  ref: string
  /** 40 hexadecimal digits, or 64. */
  id: string
}

/** Runs git in a folder and gives what it printed; rejects when it fails. */
async function git(
  folder: string,
  args: string[],
  { input, index }: { input?: string; index?: string } = {},
) {
  const env = { ...process.env, ...(index !== undefined && { GIT_INDEX_FILE: index }) }
  const running = promisify(execFile)('git', args, { cwd: folder, env, maxBuffer: MAX_LIST_BYTES })
  running.child.stdin?.end(input)
  try {
    return (await running).stdout
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    throw new UsageError('git is needed to compare with a commit, and it is not installed', { cause })
  }
}

/** Says what a failure of git means here; that git is not there says it already. */
function meaning(message: string): (cause: unknown) => never {
  return (cause) => {
    throw cause instanceof UsageError ? cause : new UsageError(message, { cause })
  }
}

/**
 * Finds a commit.
 *
 * @throws UsageError when the folder is in no repository, or the repository has no such commit
 */
export async function findCommit(folder: string, ref: string): Promise<Commit> {
  await git(folder, ['rev-parse', '--is-inside-work-tree']).catch(
    meaning(`${folder} is in no git repository, and ${ref} is no file`),
  )
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]
  const id = await git(folder, args).catch(
    meaning(`${ref} is neither a file nor a commit, branch or tag of this repository`),
  )
  return { ref, id: id.trim() }
}

/**
 * Writes the modules of a project as they were in a commit, calls `use` with the folder, and removes it in any case.
 *
 * @param project absolute path of the project's folder; it may be a part of the repository
 */
export async function withTree<T>(
  project: string,
  { ref, id }: Commit,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const work = join(project, WORK_FOLDER)
  await mkdir(work, { recursive: true })
  const folder = await mkdtemp(join(work, 'plan-check-'))
  // A second interruption ends the process at once, past `finally`.
  const removeAtExit = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', removeAtExit)
  try {
    await writeTree(project, { ref, id }, folder)
    return await use(join(folder, 'tree'))
  } finally {
    await rm(folder, { recursive: true, force: true })
    process.off('exit', removeAtExit)
  }
}

async function writeTree(project: string, { ref, id }: Commit, folder: string): Promise<void> {
  const prefix = (await git(project, ['rev-parse', '--show-prefix'])).trim().replace(/\/$/, '')
  const tree = await git(project, ['rev-parse', '--verify', '--quiet', `${id}:${prefix}`]).catch(
    meaning(`${ref} has no folder ${prefix}`),
  )
  // An index of its own, so that the user's is not touched.
  const index = join(folder, 'index')
  const root = (await git(project, ['rev-parse', '--show-toplevel'])).trim()
  await git(root, ['read-tree', tree.trim()], { index })
  const files = (await git(root, ['ls-files', '-z'], { index }))
    .split('\0')
    .filter((file) => MODULE_FILE.test(file))
  const input = files.map((file) => `${file}\0`).join('')
  await git(root, ['checkout-index', '-z', '--stdin', `--prefix=${join(folder, 'tree')}/`], { index, input })
}

/** Where a file of the project is in such a folder. */
export function placeInTree(project: string, file: string, folder: string): string {
  return join(folder, relative(project, file))
}

/** The folder that a configuration file is in. */
export function projectOf(config: string): string {
  return dirname(config)
}
