/** What a package for the registry may and must have in it. Looks at names and texts alone; who packs is told elsewhere. */

import { posix } from 'node:path'

/** The contents of a tarball: text by path within the package. */
export type PackageFiles = ReadonlyMap<string, string>

/** A manifest as far as it matters here. */
export interface PackageManifest {
  name: string
  version: string
  private?: boolean
  license?: string
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  publishConfig?: { access?: string; provenance?: boolean }
  exports?: unknown
  bin?: unknown
  main?: string
  module?: string
  types?: string
  typesVersions?: unknown
}

/** A workspace of this repository: its version, and whether the registry gets it. */
export interface Workspace {
  version: string
  isPublished: boolean
}

/** What every package has. */
const REQUIRED = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']

/** Files that a package may have, by its name; {@link REQUIRED} go without saying. No pattern lets a test or a source in. */
export const ALLOWED_FILES: Readonly<Record<string, readonly RegExp[]>> = {
  '@millrace/web': [
    /^THIRD-PARTY\.md$/,
    /^docs\/[\w-]+\.md$/,
    /^dist\/[\w-]+\.(js|js\.map|cjs|d\.ts|d\.cts)$/,
    /^dist\/integrity\.json$/,
  ],
  '@millrace/node': [/^dist\/(chunks\/)?[\w-]+\.(js|cjs)$/, /^dist\/types\/[\w/-]+\.d\.c?ts$/],
  millrace: [
    /^dist\/THIRD-PARTY\.md$/,
    /^bin\/millrace\.mjs$/,
    /^dist\/(local\/|chunks\/)?[\w-]+\.js$/,
    /^dist\/local\/workerd\.sh$/,
    /^dist\/types\/[\w/-]+\.d\.ts$/,
    /^dist\/migrations\/\d{4}_\w+\.sql$/,
    /^dist\/assets(-development)?\/_headers$/,
    /^dist\/assets(-development)?\/integrity\.json$/,
    /^dist\/assets(-development)?\/([\w-]+\/)?[\w-]+\.(html|css|js|js\.map)$/,
  ],
  'create-millrace': [/^bin\/[\w-]+\.mjs$/],
}

/** Everything that is wrong with the contents of a package, a line each. */
export function findContentProblems(
  files: PackageFiles,
  context: { licence: string; machinePaths: readonly string[]; workspaces: ReadonlyMap<string, Workspace> },
): string[] {
  const manifest = JSON.parse(files.get('package.json') ?? '{}') as PackageManifest
  return [
    ...findUnexpectedFiles([...files.keys()], ALLOWED_FILES[manifest.name] ?? []),
    ...findMissingFiles(files, manifest),
    ...findLegalProblems(files, manifest, context.licence),
    ...findDependencyProblems(manifest, context.workspaces),
    ...findDeadLinks(files),
    ...findMachinePaths(files, context.machinePaths),
  ]
}

/** Files that no pattern lets in. */
export function findUnexpectedFiles(paths: readonly string[], allowed: readonly RegExp[]): string[] {
  return paths
    .filter((path) => !REQUIRED.includes(path) && !allowed.some((pattern) => pattern.test(path)))
    .map((path) => `${path} does not belong into the package`)
}

/** Files that every package has, and those that its manifest promises. */
export function findMissingFiles(files: PackageFiles, manifest: PackageManifest): string[] {
  const { exports, bin, main, module, types, typesVersions } = manifest
  const text = JSON.stringify([exports, bin, main, module, types, typesVersions])
  const promised = [...text.matchAll(/"\.\/([\w./-]+\.\w+)"(?!:)/g)].map(([, path = '']) => path)
  return [...new Set([...REQUIRED, ...promised])]
    .filter((path) => !files.has(path))
    .map((path) => `${path} is missing`)
}

/** The licence is the repository's, the changelog tells of this version, and the manifest lets it be published with provenance. */
export function findLegalProblems(files: PackageFiles, manifest: PackageManifest, licence: string): string[] {
  const { version, publishConfig } = manifest
  const rules: [isGood: boolean, problem: string][] = [
    [files.get('LICENSE') === licence, 'LICENSE is not that of the repository'],
    [manifest.license === 'Apache-2.0', `package.json has the license ${manifest.license}`],
    [manifest.private !== true, 'package.json says private'],
    [publishConfig?.access === 'public', 'package.json lacks publishConfig.access public'],
    [publishConfig?.provenance === true, 'package.json lacks publishConfig.provenance'],
    [
      (files.get('CHANGELOG.md') ?? '').split('\n').includes(`## ${version}`),
      `CHANGELOG.md has no heading ## ${version}`,
    ],
  ]
  return rules.filter(([isGood]) => !isGood).map(([, problem]) => problem)
}

/** Dependencies that nobody else could install: of this repository alone, in another version, or by a path. */
export function findDependencyProblems(
  manifest: PackageManifest,
  workspaces: ReadonlyMap<string, Workspace>,
): string[] {
  const { dependencies, optionalDependencies, peerDependencies } = manifest
  const all = Object.entries({ ...dependencies, ...optionalDependencies, ...peerDependencies })
  return all.flatMap(([name, range]) => {
    const workspace = workspaces.get(name)
    if (/^(file|link|workspace|git|https?):|^\*$/.test(range)) return [`depends on ${name} by ${range}`]
    if (workspace === undefined) return []
    if (!workspace.isPublished) return [`depends on the private workspace ${name}`]
    return range === workspace.version
      ? []
      : [`depends on ${name} ${range}, which is at ${workspace.version} here`]
  })
}

/** Links of documents to files that the package does not have. */
export function findDeadLinks(files: PackageFiles): string[] {
  return [...files].flatMap(([path, text]) => {
    if (!path.endsWith('.md')) return []
    const prose = text.replace(/^```[\s\S]*?^```/gm, '')
    const links = [...prose.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, link = '']) => link)
    return links
      .filter((link) => !/^[a-z]+:/i.test(link))
      .filter((link) => !files.has(posix.join(posix.dirname(path), link)))
      .map((link) => `${path} links to ${link}, which is not in the package`)
  })
}

/** Files that name a path of the machine that built them, and source maps that do not name their sources by relative paths. */
export function findMachinePaths(files: PackageFiles, machinePaths: readonly string[]): string[] {
  return [...files].flatMap(([path, text]) => {
    const named = machinePaths.filter((machinePath) => text.includes(`${machinePath}/`))
    const problems = named.map((machinePath) => `${path} names ${machinePath}`)
    if (!path.endsWith('.map')) return problems
    const { sources } = JSON.parse(text) as { sources: string[] }
    const absolute = sources.filter((source) => /^([a-z]+:|\/|\\)/i.test(source))
    return [...problems, ...absolute.map((source) => `${path} names the source ${source}`)]
  })
}
