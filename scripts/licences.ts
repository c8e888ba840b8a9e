/**
 * Fails where something that ships, or runs in the Worker or at an operator's, has a licence that is not permissive, or none
 * that is told: the code around it is Apache-2.0, and what is linked into it must let it stay so.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './setup.mjs'
import { runAsScript } from './step.ts'

/** Licences that ask for no more than to be named; SPDX identifiers. */
export const PERMISSIVE: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
])

/** Workspaces whose dependencies ship, and those of which what is bundled are development dependencies. */
const SHIPPED = ['schemas', 'collector', 'consumers', 'dashboard', 'cli', 'sdk-web', 'sdk-node']
const BUNDLED = ['sdk-web', 'dashboard']

/** An entry of `package-lock.json` as far as it matters here. */
export interface LockEntry {
  license?: string
  link?: boolean
  resolved?: string
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
  devDependencies?: Record<string, string>
}

/** Entries by their folder: `node_modules/hono`, or `cli` of a workspace. */
export type LockPackages = Readonly<Record<string, LockEntry>>

/**
 * Folders of all packages that are reached from these workspaces, the workspaces themselves left out, in the order of names.
 *
 * @param bundled workspaces of which the development dependencies count as well
 * @throws Error when the lockfile lacks a package that is needed
 */
export function reachedPackages(
  packages: LockPackages,
  shipped: readonly string[],
  bundled: readonly string[],
): string[] {
  const reached = new Set<string>()
  const walk = (folder: string) => {
    if (reached.has(folder)) return
    reached.add(folder)
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta, devDependencies } =
      packages[folder] ?? {}
    const dev = bundled.includes(folder) ? devDependencies : {}
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...dev })) {
      walk(resolve(packages, folder, name))
    }
    for (const name of Object.keys(peerDependencies ?? {})) {
      // Whoever uses the package chooses it, and may leave it out.
      if (peerDependenciesMeta?.[name]?.optional === true) continue
      const found = find(packages, folder, name)
      if (found !== undefined) walk(found)
    }
  }
  for (const folder of shipped) walk(folder)
  return [...reached].filter((folder) => folder.includes('node_modules/')).sort()
}

function resolve(packages: LockPackages, from: string, name: string): string {
  const found = find(packages, from, name)
  if (found === undefined) throw new Error(`package-lock.json has no ${name}, which ${from} needs`)
  return found
}

/** As Node looks for it: within the package, then further out. A link leads to a workspace. */
function find(packages: LockPackages, from: string, name: string): string | undefined {
  const nested = from.split('/node_modules/')
  for (let depth = nested.length; depth >= 0; depth--) {
    const around = nested.slice(0, depth).join('/node_modules/')
    const path = around === '' ? `node_modules/${name}` : `${around}/node_modules/${name}`
    const entry = packages[path]
    if (entry !== undefined) return entry.link === true ? (entry.resolved ?? path) : path
  }
  return undefined
}

/** Whether an SPDX expression lets one choose, or is made of, permissive licences alone. */
export function isPermissive(expression: string): boolean {
  const text = expression.replace(/[()]/g, ' ').trim()
  return text
    .split(/\s+OR\s+/i)
    .some((choice) => choice.split(/\s+AND\s+/i).every((one) => PERMISSIVE.has(one.trim())))
}

/** What is wrong with the licences of these packages, a line each; `licenceOf` gives an expression, empty where none is told. */
export function findForbidden(folders: readonly string[], licenceOf: (folder: string) => string): string[] {
  return folders.flatMap((folder) => {
    const licence = licenceOf(folder)
    if (licence !== '' && isPermissive(licence)) return []
    return [`${folder} has the licence ${licence === '' ? 'of nobody knows what' : licence}`]
  })
}

/** Folders of what ships by the lockfile of this repository. */
export function shippedPackages(): string[] {
  return reachedPackages(readLock(), SHIPPED, BUNDLED)
}

/**
 * Checks them all.
 *
 * @throws Error naming each package with a licence that is not permissive
 */
export function checkLicences(): void {
  const packages = readLock()
  const folders = shippedPackages()
  const forbidden = findForbidden(folders, (folder) => readLicence(folder) ?? packages[folder]?.license ?? '')
  if (forbidden.length > 0) throw new Error(`licences that are not permissive:\n${forbidden.join('\n')}`)
  console.error(`millrace: licences of ${folders.length} packages ok`)
}

function readLock(): LockPackages {
  const text = readFileSync(join(ROOT, 'package-lock.json'), 'utf8')
  return (JSON.parse(text) as { packages: LockPackages }).packages
}

/** What the package says of itself; `undefined` where it is not installed, as one of another platform. */
function readLicence(folder: string): string | undefined {
  try {
    const text = readFileSync(join(ROOT, folder, 'package.json'), 'utf8')
    const { license } = JSON.parse(text) as { license?: string | { type?: string } }
    return typeof license === 'string' ? license : license?.type
  } catch {
    // The lockfile knows it as well.
    return undefined
  }
}

await runAsScript(import.meta.url, async () => checkLicences())
