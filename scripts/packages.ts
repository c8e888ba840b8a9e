/**
 * Packs what is published (`@millrace/web`, `@millrace/node`, `millrace`, `create-millrace`) into `dist/packages/` and fails
 * where a tarball has something it should not have, lacks something, or would not do for somebody's tools. Everything is
 * built before.
 *
 * Before the first publish, and not before the repository has a public address:
 *
 * 1. In each of the four package.json: `repository` (`{ "type": "git", "url": "git+https://…", "directory": "sdk-web" }`),
 *    `homepage` and `bugs`. With `publishConfig.provenance` npm refuses a package whose `repository` is not the one that the
 *    publishing workflow runs in.
 * 2. The scope `@millrace` and the names `millrace` and `create-millrace` belong to the publisher.
 * 3. Each package has the workflow as its trusted publisher (docs.npmjs.com, "Trusted publishing"), or the workflow has a token;
 *    it has the permission `id-token: write`, without which there is no provenance.
 * 4. The sentences "The package is not published yet" in README.md of both SDKs give way to `npm install`.
 * 5. From a clean clone after `npm test`, which builds, and in the order of dependencies: `npm publish` of
 *    `@millrace/web`, `@millrace/node`, `millrace`, `create-millrace`.
 */

import { existsSync, readFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createPackageFromTarballData, type Package } from '@arethetypeswrong/core'
import { type PackedPackage, PUBLISHED_FOLDERS, packPublished } from './pack.ts'
import { findContentProblems, type PackageFiles, type Workspace } from './package-contents.ts'
import { lintPackage, lintTypes, settleProblems } from './package-lints.ts'
import { ROOT } from './setup.mjs'
import { runAsScript } from './step.ts'

/** Where the tarballs lie afterwards. */
export const PACKAGES_FOLDER = join(ROOT, 'dist/packages')

/** A file that only a build makes, by package; one without has nothing to build. */
const BUILT: Readonly<Record<string, string>> = {
  '@millrace/web': 'dist/integrity.json',
  '@millrace/node': 'dist/index.js',
  millrace: 'dist/cli.js',
}

/** Paths of this machine that no user is to read. */
const MACHINE_PATHS = [ROOT, homedir()]

/**
 * Packs and checks packages, and prints the size of each.
 *
 * @param names default: all that are published
 * @param destination folder for the tarballs, which is emptied before
 * @throws Error naming each problem of each package
 */
export async function checkPackages(
  names: readonly string[] = Object.keys(PUBLISHED_FOLDERS),
  destination = PACKAGES_FOLDER,
): Promise<void> {
  await rm(destination, { recursive: true, force: true })
  const problems: string[] = []
  for (const name of names) {
    for (const problem of await checkOne(name, destination)) problems.push(`${name}: ${problem}`)
  }
  if (problems.length > 0) throw new Error(`packages that cannot be published:\n${problems.join('\n')}`)
}

async function checkOne(name: string, destination: string): Promise<string[]> {
  const folder = PUBLISHED_FOLDERS[name]
  if (folder === undefined) return ['is not published']
  const built = join(folder, BUILT[name] ?? '.')
  if (!existsSync(join(ROOT, built))) return [`is not built, ${built} is missing`]
  const packed = await packPublished(name, destination)
  const tarball = await readFile(packed.tarball)
  const contents = createPackageFromTarballData(new Uint8Array(tarball))
  const lints = [...(await lintPackage(tarball)), ...(await lintTypes(contents))]
  const problems = [
    ...findContentProblems(listFiles(contents), {
      licence: readFileSync(join(ROOT, 'LICENSE'), 'utf8'),
      machinePaths: MACHINE_PATHS,
      workspaces: readWorkspaces(),
    }),
    ...settleProblems(name, lints),
  ]
  console.error(describeSize(packed))
  return problems
}

function describeSize({ name, version, files, packedBytes, unpackedBytes }: PackedPackage): string {
  const kilobytes = (bytes: number) => `${(bytes / 1_000).toFixed(1)} kB`
  const sizes = `${kilobytes(packedBytes)} packed, ${kilobytes(unpackedBytes)} unpacked`
  return `millrace: package ${name} ${version}: ${files.length} files, ${sizes}`
}

/** Texts of a tarball by path within the package. */
function listFiles(contents: Package): PackageFiles {
  const folder = `/node_modules/${contents.packageName}/`
  return new Map(
    contents.listFiles(folder).map((path) => [path.slice(folder.length), contents.readFile(path)]),
  )
}

/** All workspaces of this repository by name. */
function readWorkspaces(): Map<string, Workspace> {
  const read = <T>(folder: string) =>
    JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as T
  const { workspaces } = read<{ workspaces: string[] }>('.')
  return new Map(
    workspaces.map((folder) => {
      const { name, version } = read<{ name: string; version: string }>(folder)
      return [name, { version, isPublished: name in PUBLISHED_FOLDERS }]
    }),
  )
}

await runAsScript(import.meta.url, () =>
  checkPackages(process.argv.length > 2 ? process.argv.slice(2) : undefined),
)
