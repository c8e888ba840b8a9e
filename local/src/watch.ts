/** Calls back when a source file changed, once for a burst of changes. */

import { watch } from 'node:fs'
import { join, sep } from 'node:path'

/** Folders whose change matters to a running stack. */
const FOLDERS = ['schemas', 'collector', 'consumers', 'sdk-web', 'dashboard', 'local/demo']

/** Files of the root folder that matter. */
const FILES = new Set(['worker.ts', 'create-worker.ts', 'millrace.config.ts', 'wrangler.toml'])

/** Quiet time after the last change. */
const SETTLE_MS = 300

/** Starts watching; a run that is under way is finished before the next one begins. */
export function watchSources(root: string, onChange: () => Promise<void>): void {
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()
  const changed = (_event: string, name: string | null) => {
    const parts = name?.split(sep) ?? []
    if (parts.includes('dist') || parts.includes('node_modules') || name?.endsWith('.test.ts') === true)
      return
    clearTimeout(timer)
    timer = setTimeout(() => {
      running = running.then(onChange).catch((error: unknown) => console.error(`millrace: ${String(error)}`))
    }, SETTLE_MS)
  }
  for (const folder of FOLDERS) watch(join(root, folder), { recursive: true }, changed)
  // The folder, not the files: an editor that saves by renaming puts another file in the place of the watched one.
  watch(root, (event, name) => {
    if (name !== null && FILES.has(name)) changed(event, name)
  })
}
