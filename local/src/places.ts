/** Where the parts of a stack lie. By default that is the repository, as `npm run build` leaves it. */

import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Absolute path of the repository. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Absolute paths of what a stack is made of. */
export interface Places {
  /** The bundled Worker, one ES module. */
  scriptPath: string
  /** Folder of what it serves. */
  assetsPath: string
  /** `wrangler.toml`: local bindings and deployed ones have one source. */
  wranglerPath: string
  /** Folder of the migrations of ClickHouse. */
  migrationsPath: string
}

/** Those of the repository. */
export const REPOSITORY: Places = {
  scriptPath: join(ROOT, 'dist/worker/worker.js'),
  assetsPath: join(ROOT, 'dist/assets-development'),
  wranglerPath: join(ROOT, 'wrangler.toml'),
  migrationsPath: join(ROOT, 'schemas/migrations'),
}
