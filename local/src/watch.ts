/** Calls back when a source file changed, once for a burst of changes. */

import { watch } from 'node:fs'
import { join } from 'node:path'

/** Quiet time after the last change. */
const SETTLE_MS = 300

/** Options of {@link watchFolders}. */
export interface WatchOptions {
  /** Absolute path. Its own files are watched, and with all that they hold its folders that are named. */
  root: string
  folders: readonly string[]
  /** Whether a file matters, by its path from the root. */
  isSource: (path: string) => boolean
  onChange: () => Promise<void>
  /** Takes a line where something cannot be watched, or `onChange` fails. */
  say: (line: string) => void
}

/**
 * Starts watching; a run that is under way is finished before the next one begins.
 *
 * @returns a function that ends it
 */
export function watchFolders({ root, folders, isSource, onChange, say }: WatchOptions): () => void {
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()
  const changed = (path: string) => {
    if (!isSource(path)) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      running = running.then(onChange).catch((error: unknown) => say(String(error)))
    }, SETTLE_MS)
  }
  const begin = (below: string) => {
    // The folder, not its files: an editor that saves by renaming puts another file in the place of the watched one.
    const watcher = watch(join(root, below), { recursive: below !== '' }, (_event, name) => {
      if (name !== null) changed(join(below, name))
    })
    watcher.on('error', ({ message }) => say(`changes are not seen in ${join(root, below)}: ${message}`))
    return watcher
  }
  const watchers = ['', ...folders].map(begin)
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}
