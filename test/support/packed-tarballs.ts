/** Puts tarballs of the published packages in the place of their names in a manifest. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PUBLISHED_FOLDERS, packPublished } from '../../scripts/pack.ts'
import { ROOT } from '../../scripts/setup.mjs'

/** The parts of a manifest that name other packages. */
export interface Manifest {
  name?: string
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  overrides?: Record<string, unknown>
  [field: string]: unknown
}

/**
 * Packs what a manifest needs of this repository, and gives the manifest with the tarballs in place of the ranges. Those that
 * only another of them needs are told as overrides, because the registry may not have them.
 *
 * @param destination folder for the tarballs
 */
export async function withTarballs(manifest: Manifest, destination: string): Promise<Manifest> {
  const wanted = [...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.devDependencies ?? {})]
  const files: Record<string, string> = {}
  for (const name of await closureOf(wanted)) {
    files[name] = `file:${(await packPublished(name, destination)).tarball}`
  }
  const replace = (dependencies: Record<string, string> = {}) =>
    Object.fromEntries(Object.entries(dependencies).map(([name, range]) => [name, files[name] ?? range]))
  return {
    ...manifest,
    dependencies: replace(manifest.dependencies),
    devDependencies: replace(manifest.devDependencies),
    overrides: { ...manifest.overrides, ...files },
  }
}

/** Names of the published packages among these, and of those that they need in turn. */
async function closureOf(names: readonly string[], found = new Set<string>()): Promise<Set<string>> {
  for (const name of names) {
    const folder = PUBLISHED_FOLDERS[name]
    if (folder === undefined || found.has(name)) continue
    found.add(name)
    const text = await readFile(join(ROOT, folder, 'package.json'), 'utf8')
    await closureOf(Object.keys((JSON.parse(text) as Manifest).dependencies ?? {}), found)
  }
  return found
}
