/** What is released has what it must have and nothing else: no tests, no secrets, no path of the machine that built it. */

import { execFile } from 'node:child_process'
import { glob, readFile } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { shippedPackages } from '../../scripts/licences.ts'
import { ROOT } from '../../scripts/setup.mjs'

/** Packages for the registry, and the files that they may have. The others of this repository are run from it. */
const PUBLISHED = {
  'sdk-web': [
    /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|THIRD-PARTY\.md)$/,
    /^docs\/[\w-]+\.md$/,
    /^dist\/[\w-]+\.(js|js\.map|cjs|d\.ts|d\.cts)$/,
    /^dist\/integrity\.json$/,
  ],
  'sdk-node': [
    /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|THIRD-PARTY\.md)$/,
    /^dist\/(chunks\/)?[\w-]+\.(js|cjs)$/,
    /^dist\/types\/[\w/-]+\.d\.c?ts$/,
  ],
}

/** Assets that a deployment serves; those of development have the shop beside them. */
const ASSETS = [
  /^_headers$/,
  /^(dashboard|download)\.html$/,
  /^dashboard\/app\.(js|css)$/,
  /^download\/page\.(js|css)$/,
  /^millrace\.js(\.map)?$/,
  /^millrace\/[\w-]+\.js(\.map)?$/,
  /^integrity\.json$/,
]

const run = promisify(execFile)

/** What `npm pack` would put into the package in a folder. */
async function packed(folder: string): Promise<string[]> {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: join(ROOT, folder),
    maxBuffer: 16 * 1024 * 1024,
  })
  // One package in a list or, of later versions of npm, by its name.
  const answer = JSON.parse(stdout) as Record<string, { files: { path: string }[] }>
  return (Object.values(answer)[0]?.files ?? []).map(({ path }) => path)
}

async function filesOf(folder: string): Promise<string[]> {
  const files: string[] = []
  for await (const file of glob('**/*', { cwd: join(ROOT, folder), withFileTypes: true })) {
    if (file.isFile()) files.push(join(file.parentPath, file.name).slice(join(ROOT, folder).length + 1))
  }
  return files
}

/** Paths of this machine, and what looks like a secret or like the published keys of development. */
const FORBIDDEN: readonly [what: string, pattern: RegExp][] = [
  [
    'a path of this machine',
    new RegExp([ROOT, homedir()].map((path) => `${path.replaceAll('.', '\\.')}/`).join('|')),
  ],
  ['a path of some machine', /(?<![\w.-])\/(home|Users|root|tmp|private|workspace)\/[\w.-]+\//],
  ['an address of a file', /\bfile:\/\/\/\w/],
  ['a Windows path', /\b[A-Z]:\\\\?(Users|home)\b/],
  ['a key of development', /dev-secret|dev-read/],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ['a token', /\b(ghp_|github_pat_|npm_[A-Za-z0-9]{36}|AKIA[0-9A-Z]{16}|xox[abp]-|sk_live_)/],
  ['a webhook secret', /whsec_[A-Za-z0-9+/]{16,}/],
]

async function forbiddenIn(folder: string, files: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(ROOT, folder, file), 'utf8')
      return FORBIDDEN.filter(([, pattern]) => pattern.test(text)).map(
        ([what, pattern]) => `${file} has ${what}: ${pattern.exec(text)?.[0]}`,
      )
    }),
  )
  return found.flat()
}

/** Of a source map: what it says it was made from. */
async function sourcesOf(path: string): Promise<string[]> {
  return (JSON.parse(await readFile(join(ROOT, path), 'utf8')) as { sources: string[] }).sources
}

describe.each(Object.entries(PUBLISHED))('the package %s', (folder, expected) => {
  it('has the files that it should, and no others', async () => {
    const files = await packed(folder)
    expect(files.filter((file) => !expected.some((pattern) => pattern.test(file)))).toEqual([])
    expect(expected.filter((pattern) => !files.some((file) => pattern.test(file))).length).toBeLessThan(2)
    expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'dist/index.js']))
    // Each that its manifest promises.
    const text = await readFile(join(ROOT, folder, 'package.json'), 'utf8')
    const promised = [...text.matchAll(/"\.\/(dist\/[^"]+)"/g)].map(([, path = '']) => path)
    expect(promised.length).toBeGreaterThan(3)
    expect(promised.filter((path) => !files.includes(path))).toEqual([])
  })

  it('says nothing of the machine that built it, and no secret', async () => {
    expect(await forbiddenIn(folder, await packed(folder))).toEqual([])
  })
})

describe('the assets of a deployment', () => {
  it('are those that it should have, and no shop', async () => {
    const files = await filesOf('dist/assets')
    expect(files.filter((file) => !ASSETS.some((pattern) => pattern.test(file)))).toEqual([])
    expect(ASSETS.filter((pattern) => !files.some((file) => pattern.test(file)))).toEqual([])
  })

  it('say nothing of the machine that built them, and no secret', async () => {
    expect(await forbiddenIn('dist/assets', await filesOf('dist/assets'))).toEqual([])
  })

  it('have source maps of this source alone, by relative paths', async () => {
    const maps = (await filesOf('dist/assets')).filter((file) => file.endsWith('.map'))
    expect(maps.length).toBeGreaterThan(3)
    for (const map of maps) {
      const sources = await sourcesOf(`dist/assets/${map}`)
      expect(sources.filter((source) => !/^(\.\.\/)*[\w@-]/.test(source))).toEqual([])
      expect(sources.filter((source) => /\.test\.|fakes|\/test\//.test(source))).toEqual([])
    }
  })
})

describe('the Worker', () => {
  it('has no test, no SDK of another, and of packages those whose licences are checked', async () => {
    const sources = await sourcesOf('dist/worker/worker.js.map')
    expect(sources.length).toBeGreaterThan(100)
    expect(
      sources.filter((source) => /\.test\.ts$|\/fakes?\.ts$|^(\.\.\/)*(test|bench|local|cli)\//.test(source)),
    ).toEqual([])
    const packages = sources.flatMap((source) => {
      const place = source.indexOf('node_modules/')
      return place === -1
        ? []
        : (/^(?:node_modules\/(?:@[\w.-]+\/)?[\w.-]+\/)+/.exec(source.slice(place))?.[0].slice(0, -1) ?? [])
    })
    const checked = shippedPackages()
    expect([...new Set(packages)].filter((folder) => !checked.includes(folder))).toEqual([])
    expect(packages.length).toBeGreaterThan(0)
  })

  it('has no secret, and no name of who built it', async () => {
    const found = await forbiddenIn('dist/worker', ['worker.js'])
    // The keys of development are in it, and work only where MILLRACE_ENV says so: see `resolveSources`.
    expect(found.filter((fault) => !fault.includes('a key of development'))).toEqual([])
    const text = await readFile(join(ROOT, 'dist/worker/worker.js'), 'utf8')
    if (userInfo().username !== 'root') expect(text).not.toContain(userInfo().username)
  })
})
