/** Root folder of the repository. */

import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Absolute path of the folder that holds `wrangler.toml`. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
