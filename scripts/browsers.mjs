// Finds the browsers that tests drive, or installs them with the package manager. Nothing is downloaded by hand: only what
// the system offers.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * A browser: the variable that names its path, what systems call it, best first, where it is when it is not on the PATH, and
 * the packages that bring it, by package manager.
 */
const CHROMIUM = {
  name: 'Chromium',
  variable: 'CHROMIUM_PATH',
  names: [
    'chromium',
    'chromium-browser',
    'google-chrome',
    'google-chrome-stable',
    'chrome',
    'microsoft-edge',
  ],
  places: [
    '/usr/bin/chromium',
    '/usr/lib/chromium/chromium',
    '/snap/bin/chromium',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ],
  packages: {
    'apt-get': ['chromium', 'fonts-dejavu-core', 'fonts-noto-color-emoji'],
    dnf: ['chromium'],
    apk: ['chromium'],
    pacman: ['chromium'],
  },
}

const FIREFOX = {
  name: 'Firefox',
  variable: 'FIREFOX_PATH',
  names: ['firefox', 'firefox-esr'],
  places: ['/Applications/Firefox.app/Contents/MacOS/firefox'],
  packages: { 'apt-get': ['firefox-esr'], dnf: ['firefox'], apk: ['firefox'], pacman: ['firefox'] },
}

/** How each package manager installs without asking. */
const INSTALL = {
  'apt-get': ['apt-get', 'install', '-y', '--no-install-recommends'],
  dnf: ['dnf', 'install', '-y'],
  apk: ['apk', 'add'],
  pacman: ['pacman', '-S', '--noconfirm'],
}

/**
 * Path of a Chromium, installed now if there was none.
 *
 * @throws Error that says what to do, when it cannot be installed
 */
export function ensureChromium() {
  return ensure(CHROMIUM)
}

/**
 * Path of a Firefox that WebDriver BiDi can drive, installed now if there was none.
 *
 * @throws Error that says what to do, when it cannot be installed
 */
export function ensureFirefox() {
  return ensure(FIREFOX)
}

/** The path in its variable, else the first that is installed, else `undefined`. */
function find({ variable, names, places }) {
  const chosen = process.env[variable]
  if (chosen !== undefined && chosen !== '') return chosen
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const candidates = [...names.flatMap((name) => folders.map((folder) => join(folder, name))), ...places]
  return candidates.find((path) => existsSync(path))
}

function ensure(browser) {
  const found = find(browser)
  if (found !== undefined) return found
  const { name, variable, packages } = browser
  console.error(`millrace: installing ${name} with the package manager, for the browser journeys`)
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  for (const [manager, command] of Object.entries(INSTALL)) {
    if (!isInstalled(manager)) continue
    if (manager === 'apt-get') run([...prefix, 'apt-get', 'update'])
    const install = [...command, ...packages[manager]]
    const problem = run([...prefix, ...install])
    const path = find(browser)
    if (path !== undefined) return path
    throw new Error(
      `${install.join(' ')} did not bring a ${name}: ${problem}; install one and set ${variable}`,
    )
  }
  throw new Error(`no ${name} found and no package manager known here; install one and set ${variable}`)
}

function isInstalled(command) {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)))
}

function run([command = '', ...args]) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const result = spawnSync(command, args, { encoding: 'utf8', env, maxBuffer: 64 * 1024 * 1024 })
  return `${result.stderr ?? ''}${result.error ?? ''}`.trim().split('\n').slice(-3).join(' ')
}
