/** What of a project is watched: the files that its Worker is made of. */

import { readdirSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import { watchFolders } from '@millrace/local/watch'

/** Folders that are no sources: what is installed, built, kept or versioned. */
const OTHERS = new Set(['node_modules', 'dist', '.millrace', '.wrangler', '.git'])

/** What a Worker is made of, and the secrets that it has on this machine. */
const SOURCE = /(\.([cm]?[jt]s|json|toml)|^\.dev\.vars)$/

/** Options of {@link watchProject}. */
export interface WatchOptions {
  onChange: () => Promise<void>
  /** Absolute path of the folder for data, where the Worker is built into: it may lie in the project. */
  data: string
  /** Takes a line where something cannot be watched. */
  say: (line: string) => void
}

/** Whether a file, by its path from the project's folder, is one that the Worker is made of. */
export function isSource(path: string): boolean {
  const parts = path.split(sep)
  return SOURCE.test(path) && !parts.some((part) => OTHERS.has(part)) && !path.endsWith('.test.ts')
}

/**
 * Starts watching the files of a folder and of the folders that it has now. Not all of it in one: Node would then watch
 * each file of `node_modules` by itself.
 *
 * @returns a function that ends it
 */
export function watchProject(folder: string, { onChange, data, say }: WatchOptions): () => void {
  const isData = (path: string) => !relative(data, resolve(folder, path)).startsWith('..')
  return watchFolders({
    root: folder,
    folders: listFolders(folder).filter((name) => !isData(name)),
    isSource: (path) => isSource(path) && !isData(path),
    onChange,
    say,
  })
}

function listFolders(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory() && !OTHERS.has(entry.name)).map(({ name }) => name)
}
