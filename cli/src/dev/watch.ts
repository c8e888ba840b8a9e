/** Calls back when a source file of a project changed, once for a burst of changes. */

import { watch } from 'node:fs'
import { sep } from 'node:path'

/** Folders that are no sources: what is installed, built, kept or versioned. */
const OTHERS = new Set(['node_modules', 'dist', '.millrace', '.wrangler', '.git'])

/** What a Worker is made of. */
const SOURCE = /\.([cm]?[jt]s|json|toml)$/

/** Quiet time after the last change. */
const SETTLE_MS = 300

/** Whether a file, by its path from the project's folder, is one that the Worker is made of. */
export function isSource(path: string): boolean {
  const parts = path.split(sep)
  return SOURCE.test(path) && !parts.some((part) => OTHERS.has(part)) && !path.endsWith('.test.ts')
}

/**
 * Starts watching; a run that is under way is finished before the next one begins.
 *
 * @returns a function that ends it
 */
export function watchProject(folder: string, onChange: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()
  const watcher = watch(folder, { recursive: true }, (_event, name) => {
    if (name === null || !isSource(name)) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      running = running.then(onChange)
    }, SETTLE_MS)
  })
  return () => {
    clearTimeout(timer)
    watcher.close()
  }
}
