// Installs what is missing, on any Node from 20 up, and says in one line what it is doing. Plain JavaScript, because it
// runs before anything is installed.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Root of the repository. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** The pinned Node that everything else runs on. */
export const PINNED_NODE = join(
  ROOT,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
)

/** Remembers for which lockfile `node_modules` was installed. */
const STAMP = join(ROOT, 'node_modules', '.millrace-setup')

const INSTALL_LOG = join(ROOT, '.millrace', 'install.log')

/**
 * Runs `npm install` unless it was run for this very lockfile. `npm ci` would refuse the lockfile: the packages of chdb
 * for other platforms cannot all be resolved.
 *
 * @throws Error with the end of npm's own output when it fails
 */
export function setup() {
  const wanted = fingerprint()
  if (existsSync(PINNED_NODE) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return
  console.error(
    existsSync(PINNED_NODE)
      ? 'millrace: seeing with npm install that all dependencies are there'
      : 'millrace: installing dependencies with npm install (about 1.4 GB, half a minute on a good line)',
  )
  npm(['install', '--no-audit', '--no-fund'])
  // An npm that was told to ignore install scripts leaves the pinned Node out.
  if (!existsSync(PINNED_NODE)) npm(['rebuild', 'node'])
  if (!existsSync(PINNED_NODE))
    throw new Error(`the package "node" did not bring ${PINNED_NODE}; see ${INSTALL_LOG}`)
  writeFileSync(STAMP, wanted)
}

function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}\n`)
  const { workspaces } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  for (const folder of ['.', ...workspaces]) hash.update(readFileSync(join(ROOT, folder, 'package.json')))
  return hash.update(readFileSync(join(ROOT, 'package-lock.json'))).digest('hex')
}

function npm(args) {
  const execPath = process.env['npm_execpath']
  const isScript = execPath !== undefined && /\.c?js$/.test(execPath)
  const [command, first] = isScript ? [process.execPath, [execPath]] : ['npm', []]
  const result = spawnSync(command, [...first, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    shell: !isScript && process.platform === 'win32',
  })
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ?? ''}`
  mkdirSync(dirname(INSTALL_LOG), { recursive: true })
  writeFileSync(INSTALL_LOG, output)
  if (result.status !== 0) {
    throw new Error(`npm ${args.join(' ')} failed:\n${output.split('\n').slice(-20).join('\n')}`)
  }
}
