/** What of the repository a running stack is made of. */

import { dirname, sep } from 'node:path'

/** Folders whose change matters. */
export const SOURCE_FOLDERS: readonly string[] = [
  'schemas',
  'collector',
  'consumers',
  'sdk-web',
  'dashboard',
  'local/demo',
]

/** Files of the root folder that matter. */
const FILES = new Set(['worker.ts', 'create-worker.ts', 'millrace.config.ts', 'wrangler.toml'])

/** Whether a file matters, by its path from the root; of the folders, all but what is built, installed or a test. */
export function isRepositorySource(path: string): boolean {
  if (dirname(path) === '.') return FILES.has(path)
  const parts = path.split(sep)
  return !parts.includes('dist') && !parts.includes('node_modules') && !path.endsWith('.test.ts')
}
