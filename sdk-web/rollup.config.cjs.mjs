/**
 * Makes CommonJS (`.cjs`) of the built modules, for tools that `require`: Jest, servers that render pages, older bundlers.
 * The code is that of the modules; nothing of it is served to pages.
 */

import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('dist/', import.meta.url))

/** For a script tag; nobody imports them by name. */
const SCRIPTS = ['millrace.js', 'stub.js']

export default readdirSync(dist)
  .filter((file) => file.endsWith('.js') && !SCRIPTS.includes(file))
  .map((file) => ({
    input: dist + file,
    output: { file: `${dist}${basename(file, '.js')}.cjs`, format: 'cjs', exports: 'named', compact: true },
    // Minified code is taken as it is.
    treeshake: false,
    onwarn(warning) {
      throw new Error(warning.message)
    },
  }))
