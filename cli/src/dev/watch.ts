/** Calls back when a source file of a project changed, once for a burst of changes. */

import { readdirSync, watch } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'

/** Folders that are no sources: what is installed, built, kept or versioned. */
const OTHERS = new Set(['node_modules', 'dist', '.millrace', '.wrangler', '.git'])

/** What a Worker is made of, and the secrets that it has on this machine. */
const SOURCE = /(\.([cm]?[jt]s|json|toml)|^\.dev\.vars)$/

/** Quiet time after the last change. */
const SETTLE_MS = 300

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
 * Starts watching the files of a folder and of the folders that it has now; a run that is under way is finished before the
 * next one begins. Not all of it in one: Node would then watch each file of `node_modules` by itself.
 *
 * @returns a function that ends it
 */
export function watchProject(folder: string, { onChange, data, say }: WatchOptions): () => void {
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()
  const isData = (path: string) => !relative(data, resolve(folder, path)).startsWith('..')
  const changed = (path: string) => {
    if (!isSource(path) || isData(path)) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      running = running.then(onChange)
    }, SETTLE_MS)
  }
  const begin = (below: string) => {
    const watcher = watch(join(folder, below), { recursive: below !== '' }, (_event, name) => {
      if (name !== null) changed(join(below, name))
    })
    watcher.on('error', ({ message }) => say(`changes are not seen in ${join(folder, below)}: ${message}`))
    return watcher
  }
  const watchers = ['', ...listFolders(folder).filter((name) => !isData(name))].map(begin)
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}

function listFolders(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory() && !OTHERS.has(entry.name)).map(({ name }) => name)
}
