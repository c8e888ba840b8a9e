// Builds the package: ES modules, a script for a tag, and the paste-in stub. `rollup.config.cjs.mjs` makes CommonJS of the
// modules, declarations come from tsc.

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
  ...[
    'stored',
    'isSaved',
    'isKept',
    'isBlind',
    'take',
    'tip',
    'load',
    'keep',
    'list',
    'save',
    'spill',
    'discard',
    'adopt',
  ],
  ...[
    'destroy',
    'claim',
    'yield',
    'takeTurn',
    'heldBytes',
    'send',
    'leave',
    'resume',
    'forget',
    'delay',
    'post',
  ],
  ...['room', 'person', 'change', 'complete', 'sync', 'state', 'describe', 'stamp', 'lastStamp', 'numberAll'],
  ...['record', 'enter', 'emit', 'wait', 'time', 'draw', 'finish', 'options'],
  ...[
    'decide',
    'isOpen',
    'wipe',
    'store',
    'identity',
    'sessions',
    'outbox',
    'note',
    'sessionOf',
    'append',
    'read',
    'before',
  ],
]

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))

const typescript = () => [
  nodeResolve({ extensions: ['.ts', '.js'] }),
  esbuild({ target: TARGET, define: { MILLRACE_VERSION: JSON.stringify(version) }, tsconfig: false }),
]

const minify = (
  mangle = { properties: { builtins: true, regex: new RegExp(`^(${INTERNAL_FIELDS.join('|')})$`) } },
) =>
  terser({
    ecma: 2020,
    compress: { passes: 4, unsafe: true, unsafe_arrows: true, pure_getters: true, keep_fargs: false },
    mangle,
    format: { comments: false },
  })

/** Import paths of the plugins; they name the client's public fields, so nothing in them is renamed. */
const PLUGINS = ['autocapture', 'consent', 'debug', 'engagement', 'errors', 'linker', 'vitals']

const module = (input, name, plugins) => ({
  input: path(input),
  output: { file: path(`dist/${name}.js`), format: 'es', sourcemap: 'hidden' },
  plugins,
})

export default [
  module('src/index.ts', 'index', [typescript(), minify()]),
  module('src/tiny.ts', 'tiny', [typescript(), minify()]),
  ...PLUGINS.map((name) =>
    module(`src/plugins/${name}.ts`, name, [typescript(), minify({ properties: false })]),
  ),
  {
    input: path('src/script.ts'),
    output: { file: path('dist/millrace.js'), format: 'iife', sourcemap: 'hidden' },
    plugins: [typescript(), minify()],
  },
  {
    input: path('src/stub.js'),
    output: { file: path('dist/stub.js'), format: 'es' },
    plugins: [minify({ properties: false })],
  },
]
