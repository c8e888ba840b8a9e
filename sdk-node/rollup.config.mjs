/** Bundles the SDK into one ES module with no imports; the declarations beside it come from tsc. */

import { nodeResolve } from '@rollup/plugin-node-resolve'
import esbuild from 'rollup-plugin-esbuild'

export default {
  input: 'src/index.ts',
  output: { file: 'dist/index.js', format: 'es' },
  plugins: [nodeResolve({ extensions: ['.ts', '.js'] }), esbuild({ target: 'node20', tsconfig: false })],
  // A bare import left over would have to be installed by every user.
  onwarn(warning) {
    throw new Error(warning.message)
  },
}
