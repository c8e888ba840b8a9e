/** Where the files of this release lie: in the repository with their sources, in the package beside the bundled command. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(new URL('.', import.meta.url))

/** The bundle is one file with all it needs beside it; the sources are many. */
const IS_PACKAGE = existsSync(join(HERE, 'migrations'))

const REPOSITORY = join(HERE, '../..')

/** Folder of the migrations of ClickHouse. */
export function migrationsFolder(): string {
  return IS_PACKAGE ? join(HERE, 'migrations') : join(REPOSITORY, 'schemas/migrations')
}

/** Folder of what the Worker serves in development: pages, scripts and the demo shop. */
export function developmentAssetsFolder(): string {
  return join(IS_PACKAGE ? HERE : join(REPOSITORY, 'dist'), 'assets-development')
}
