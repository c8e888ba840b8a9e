// Builds the package: an ES module, a script for a tag, and the paste-in stub. Declarations come from tsc.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import terser from '@rollup/plugin-terser'
import esbuild from 'rollup-plugin-esbuild'

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))

/** Browsers of the last five years: what is newer in the language is written in ES2020. */
const TARGET = 'es2020'

/**
 * Field names that only our own modules see, made one letter long: 5 % of the size. A name belongs here only if it is
 * nowhere on the wire, in the public API, or read from the platform.
 */
const INTERNAL_FIELDS = [
  ...['ids', 'note', 'queue', 'stamp', 'form', 'transport', 'identity', 'delivery', 'onDropped'],
  ...['fields', 'copy', 'units', 'count', 'bytes', 'peek', 'wake', 'leave', 'send', 'keepaliveRoom'],
  ...['retryAfter', 'waitingCount', 'isHidden', 'hasKeepalive', 'delay', 'microtask'],
]

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))

const typescript = () => [
  nodeResolve({ extensions: ['.ts', '.js'] }),
  esbuild({ target: TARGET, define: { MILLRACE_VERSION: JSON.stringify(version) }, tsconfig: false }),
]

const minify = () =>
  terser({
    ecma: 2020,
    compress: { passes: 4, unsafe_arrows: true },
    mangle: { properties: { builtins: true, regex: new RegExp(`^(${INTERNAL_FIELDS.join('|')})$`) } },
    format: { comments: false },
  })

export default [
  {
    input: path('src/index.ts'),
    output: { file: path('dist/index.js'), format: 'es', sourcemap: 'hidden' },
    plugins: [typescript(), minify()],
  },
  {
    input: path('src/script.ts'),
    output: { file: path('dist/millrace.js'), format: 'iife', sourcemap: 'hidden' },
    plugins: [typescript(), minify()],
  },
  {
    input: path('src/stub.js'),
    output: { file: path('dist/stub.js'), format: 'es' },
    plugins: [minify()],
  },
]
