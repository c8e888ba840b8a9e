/**
 * Bundles each entry (import path and module, in entries.json) as an ES module and as CommonJS, with no imports but Node's
 * own; what entries share lies in chunks.
 */

import { nodeResolve } from '@rollup/plugin-node-resolve'
import esbuild from 'rollup-plugin-esbuild'
import ENTRIES from './entries.json' with { type: 'json' }

const output = (extension, format) => ({
  dir: 'dist',
  format,
  entryFileNames: `[name].${extension}`,
  chunkFileNames: `chunks/[name]-[hash].${extension}`,
  exports: 'named',
})

export default {
  input: Object.fromEntries(Object.entries(ENTRIES).map(([name, source]) => [name, `src/${source}.ts`])),
  output: [output('js', 'es'), output('cjs', 'cjs')],
  external: /^node:/,
  plugins: [nodeResolve({ extensions: ['.ts', '.js'] }), esbuild({ target: 'node20', tsconfig: false })],
  // A bare import left over would have to be installed by every user.
  onwarn(warning) {
    throw new Error(warning.message)
  },
}
