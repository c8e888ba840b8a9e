/**
 * Builds the package `millrace` into `cli/dist`: the command, `millrace/config`, `millrace/worker`, the local stack of
 * `millrace dev`, and what the Worker serves. Everything private is bundled; what `package.json` names is not.
 */

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type Metafile } from 'esbuild'
import { runAsScript, runStep } from '../scripts/step.ts'

const HERE = dirname(fileURLToPath(import.meta.url))
const ROOT = dirname(HERE)
const DIST = join(HERE, 'dist')

/** Relative imports and exports of a declaration, whose files are called `.js` once they are published. */
const RELATIVE_IMPORT = /((?:from|import)\s*\(?\s*['"])(\.[^'"]+)\.ts(['"])/g

/** Installed beside the package: its own dependencies, and what a project brings along. */
const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(HERE, 'package.json'), 'utf8'))
const INSTALLED = [...Object.keys(dependencies), ...Object.keys(peerDependencies), 'miniflare']

const COMMON = {
  bundle: true,
  format: 'esm',
  legalComments: 'none',
  logLevel: 'error',
  metafile: true,
  absWorkingDir: ROOT,
} satisfies BuildOptions

const NODE = { ...COMMON, platform: 'node', target: 'node22', external: INSTALLED } satisfies BuildOptions

/** Builds it; `npm run build` has made what the Worker serves before. */
export async function buildPackage(): Promise<void> {
  rmSync(DIST, { recursive: true, force: true })
  const bundles = [
    await build({
      ...NODE,
      entryPoints: [{ in: 'cli/src/index.ts', out: 'cli' }],
      outdir: DIST,
      // Loaded only by `millrace dev`, and beside this file then.
      alias: { '@millrace/local/serve': './local/serve.js' },
      external: [...INSTALLED, './local/serve.js'],
    }),
    await build({
      ...NODE,
      entryPoints: [
        { in: 'local/src/serve.ts', out: 'serve' },
        { in: 'local/src/clickhouse/main.ts', out: 'main' },
      ],
      outdir: join(DIST, 'local'),
    }),
    await build({
      ...NODE,
      platform: 'neutral',
      mainFields: ['module', 'main'],
      entryPoints: [{ in: 'schemas/src/config.ts', out: 'config' }],
      outdir: DIST,
    }),
    await build({
      ...COMMON,
      target: 'es2024',
      conditions: ['workerd', 'worker', 'browser'],
      external: ['node:*', 'cloudflare:*', 'zod'],
      entryPoints: [{ in: 'create-worker.ts', out: 'worker' }],
      outdir: DIST,
    }),
  ]
  copyFiles()
  await writeTypes()
  writeFileSync(join(DIST, 'THIRD-PARTY.md'), describeBundled(bundles.map(({ metafile }) => metafile)))
}

function copyFiles(): void {
  cpSync(join(ROOT, 'schemas/migrations'), join(DIST, 'migrations'), { recursive: true })
  cpSync(join(ROOT, 'local/src/workerd.sh'), join(DIST, 'local/workerd.sh'))
  for (const folder of ['assets', 'assets-development'])
    cpSync(join(ROOT, 'dist', folder), join(DIST, folder), { recursive: true })
}

/** The declarations of the configuration and of all that they name, and those of the Worker. */
async function writeTypes(): Promise<void> {
  await runStep('types of millrace', 'tsc', ['-p', join(HERE, 'tsconfig.build.json')])
  const declared = join(DIST, 'declared')
  const seen = new Set<string>()
  const copy = (name: string) => {
    if (seen.has(name)) return
    seen.add(name)
    const text = readFileSync(join(declared, `${name}.d.ts`), 'utf8')
    const bare = [...text.matchAll(/\b(?:from|import\()\s*['"](?!\.)([^'"]*)['"]/g)].map(
      ([, specifier]) => specifier,
    )
    const private_ = bare.find((specifier) => specifier !== 'zod')
    if (private_ !== undefined)
      throw new Error(`${name}.d.ts must import nothing but zod, but has ${private_}`)
    const target = join(DIST, 'types', `${name}.d.ts`)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, text.replace(RELATIVE_IMPORT, '$1$2.js$3'))
    for (const [, , path = ''] of text.matchAll(RELATIVE_IMPORT)) copy(join(dirname(name), path))
  }
  copy('config')
  rmSync(declared, { recursive: true })
  cpSync(join(HERE, 'src/worker.d.ts'), join(DIST, 'types/worker.d.ts'))
}

/** Bundled into the files that the Worker serves, before they come here. */
const SERVED = ['idb-keyval', 'uplot', 'web-vitals'].map((name) => `node_modules/${name}`)

/** Names and licences of the packages that are bundled. */
function describeBundled(metafiles: readonly Metafile[]): string {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs))
  const folders = inputs.flatMap((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [])
  const notices = [...new Set([...folders, ...SERVED])]
    .sort()
    .map((folder) => describeLicence(join(ROOT, folder)))
  return `# Bundled packages\n\n${notices.join('\n')}`
}

/** @throws Error when the package does not say under which licence it is */
function describeLicence(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  if (typeof license !== 'string') throw new Error(`${name} names no licence`)
  const file = existsSync(folder)
    ? readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
    : undefined
  const text = file === undefined ? '' : `\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
  return `## ${name} ${version}\n\n${license}\n${text}`
}

await runAsScript(import.meta.url, buildPackage)
