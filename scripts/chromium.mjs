// Finds a Chromium, or installs one with the package manager. Nothing is downloaded by hand: only what the system offers.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Names under which systems install it, best first. */
const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
]

/** Where it is when it is not on the PATH. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/lib/chromium/chromium',
  '/snap/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Commands that install it, tried in order, each only where its first word exists. */
const INSTALLERS = [
  [
    'apt-get',
    'install',
    '-y',
    '--no-install-recommends',
    'chromium',
    'fonts-dejavu-core',
    'fonts-noto-color-emoji',
  ],
  ['dnf', 'install', '-y', 'chromium'],
  ['apk', 'add', 'chromium'],
  ['pacman', '-S', '--noconfirm', 'chromium'],
]

/** Path of a Chromium: `CHROMIUM_PATH`, else the first that is installed, else `undefined`. */
export function findChromium() {
  const chosen = process.env['CHROMIUM_PATH']
  if (chosen !== undefined && chosen !== '') return chosen
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const candidates = [...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ...PLACES]
  return candidates.find((path) => existsSync(path))
}

/**
 * Path of a Chromium, installed now if there was none.
 *
 * @throws Error that says what to do, when it cannot be installed
 */
export function ensureChromium() {
  const found = findChromium()
  if (found !== undefined) return found
  console.error('millrace: installing Chromium with the package manager, for the browser journeys')
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  for (const command of INSTALLERS) {
    const [manager = ''] = command
    if (!isInstalled(manager)) continue
    if (manager === 'apt-get') run([...prefix, 'apt-get', 'update'])
    const problem = run([...prefix, ...command])
    const path = findChromium()
    if (path !== undefined) return path
    throw new Error(
      `${command.join(' ')} did not bring a Chromium: ${problem}; install one and set CHROMIUM_PATH`,
    )
  }
  throw new Error('no Chromium found and no package manager known here; install one and set CHROMIUM_PATH')
}

function isInstalled(command) {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)))
}

function run([command = '', ...args]) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const result = spawnSync(command, args, { encoding: 'utf8', env, maxBuffer: 64 * 1024 * 1024 })
  return `${result.stderr ?? ''}${result.error ?? ''}`.trim().split('\n').slice(-3).join(' ')
}
