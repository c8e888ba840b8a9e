/** Writes the `package.json` of a new project, and adds to one that is there what it lacks. Pure. */

import type { Project } from './project.ts'
import { TOOL_VERSIONS } from './versions.ts'

/** Fields whose entries are added one by one. */
type Section = 'scripts' | 'dependencies' | 'devDependencies' | 'allowScripts'

type Manifest = Record<string, unknown>

/** As of `millrace`. */
const ENGINES = { node: '^22.18.0 || >=23.6.0' }

/** What the package is called in scripts. */
export const SCRIPTS = {
  dev: 'millrace dev',
  deploy: 'millrace deploy',
  check: 'millrace deploy --dry-run',
  doctor: 'millrace doctor',
} as const

/** A `package.json` as text. */
export function writePackageJson(project: Project): string {
  const sections = sectionsOf(project)
  // A package is not to be called as one of those that it depends on: npm would take it for that one.
  const isTaken = project.name in { ...sections.dependencies, ...sections.devDependencies }
  const manifest = {
    name: isTaken ? `${project.name}-collector` : project.name,
    private: true,
    type: 'module',
    scripts: sections.scripts,
    dependencies: sections.dependencies,
    devDependencies: sections.devDependencies,
    engines: ENGINES,
    allowScripts: sections.allowScripts,
  }
  return `${JSON.stringify(manifest, null, 2)}\n`
}

/**
 * An existing `package.json` with the scripts and dependencies that it lacks; what it has stays as it is, and so do its
 * indentation, its line ends and whether it ends with one. Where nothing is missing the text is given back unchanged.
 *
 * @throws Error that says why it cannot be added to
 */
export function mergePackageJson(existing: string, project: Project): string {
  const manifest = parseManifest(existing)
  let isChanged = false
  for (const [section, wanted] of Object.entries(sectionsOf(project)) as [
    Section,
    Record<string, unknown>,
  ][]) {
    const has = readSection(manifest, section)
    const missing = Object.entries(wanted).filter(
      ([name]) => !(name in has) && !isInstalled(manifest, section, name),
    )
    if (missing.length === 0) continue
    manifest[section] = { ...has, ...Object.fromEntries(missing) }
    isChanged = true
  }
  return isChanged ? formatLike(existing, manifest) : existing
}

/** The value of a field of a `package.json`; `undefined` when it has none or is none. */
export function readField(text: string, field: string): unknown {
  try {
    return parseManifest(text)[field]
  } catch {
    return undefined // the text is not JSON, which is told where it matters
  }
}

function sectionsOf({ version, zodVersion, nodeVersion }: Project) {
  return {
    scripts: SCRIPTS,
    // Of zod the very version that Millrace has: with two, the plan's schemas would be strangers to it.
    dependencies: { millrace: `^${version}`, zod: zodVersion },
    devDependencies: sorted({
      ...TOOL_VERSIONS,
      ...(nodeVersion === undefined ? {} : { node: nodeVersion }),
    }),
    // npm 12 runs install scripts only of packages that are named here.
    allowScripts: {
      chdb: true,
      esbuild: true,
      ...(nodeVersion === undefined ? {} : { node: true }),
      workerd: true,
    },
  } satisfies Record<Section, Record<string, unknown>>
}

/** As npm writes lists of dependencies. */
function sorted(entries: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(entries).sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** Whether the other list of dependencies has it. */
function isInstalled(manifest: Manifest, section: Section, name: string): boolean {
  if (section !== 'dependencies' && section !== 'devDependencies') return false
  const lists = ['dependencies', 'devDependencies', 'optionalDependencies']
  return lists.some((list) => name in readSection(manifest, list))
}

function parseManifest(text: string): Manifest {
  let manifest: unknown
  try {
    manifest = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (cause) {
    throw new Error(`is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  if (isObject(manifest)) return manifest
  throw new Error('must hold a JSON object')
}

function readSection(manifest: Manifest, section: string): Record<string, unknown> {
  const value = manifest[section] ?? {}
  if (isObject(value)) return value
  throw new Error(`has ${section} that are not an object`)
}

function formatLike(existing: string, manifest: Manifest): string {
  const indentation = /^[{\s]*?\n([ \t]+)"/.exec(existing)?.[1] ?? 2
  const text = JSON.stringify(manifest, null, indentation)
  const end = /\r?\n$/.test(existing) ? '\n' : ''
  return existing.includes('\r\n') ? `${text}${end}`.replaceAll('\n', '\r\n') : `${text}${end}`
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
