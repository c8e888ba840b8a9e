/** `millrace init` as a newcomer runs it, and what a compiler, wrangler and the command itself make of the project. */

import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inspectEntry } from '../../cli/src/doctor/entry-shape.ts'
import { PROJECT_FILE_NAMES } from '../../cli/src/init/project-files.ts'
import { loadConfig } from '../../cli/src/load-config.ts'
import { ROOT } from '../../scripts/setup.mjs'
import { runCommand } from '../support/command.ts'

const LAUNCHER = join(ROOT, 'cli/bin/millrace.mjs')
const CREATE = join(ROOT, 'create-millrace/bin/create-millrace.mjs')

const FLAGS = [
  ...['--name', 'shop', '--site', 'https://shop.example', '--domain', 'events.shop.example'],
  ...['--clickhouse-url', 'https://db.example:8443', '--clickhouse-user', 'millrace', '--staging'],
]

let root: string
let project: string
let report: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'millrace-newcomer-'))
  project = join(root, 'my site')
  const { code, stdout, stderr } = await runCommand(process.execPath, [LAUNCHER, 'init', project, ...FLAGS])
  expect([code, stderr]).toEqual([0, ''])
  report = stdout
  await installPackage(join(project, 'node_modules/millrace'))
  await symlink(join(ROOT, 'node_modules/zod'), join(project, 'node_modules/zod'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

/** What `npm install` would bring, of this source tree: the package's entries under their names, and what it serves. */
async function installPackage(folder: string): Promise<void> {
  await mkdir(join(folder, 'dist'), { recursive: true })
  await symlink(join(ROOT, 'dist/assets'), join(folder, 'dist/assets'))
  const exported = (name: string) => ({ types: `./${name}.d.ts`, default: `./${name}.js` })
  const exports = { './config': exported('config'), './worker': exported('worker') }
  const config = `export * from ${JSON.stringify(join(ROOT, 'schemas/src/config.ts'))}\n`
  const files = {
    'package.json': JSON.stringify({ name: 'millrace', type: 'module', exports }),
    'config.js': config,
    'config.d.ts': config,
    'worker.js': `export * from ${JSON.stringify(join(ROOT, 'create-worker.ts'))}\n`,
    'worker.d.ts': await readFile(join(ROOT, 'cli/src/worker.d.ts'), 'utf8'),
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
}

function wrangler(args: readonly string[]) {
  const entry = join(ROOT, 'node_modules/wrangler/bin/wrangler.js')
  const env = {
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_LOG: 'log',
    XDG_CONFIG_HOME: join(root, 'config'),
    NO_COLOR: '1',
  }
  return runCommand(process.execPath, [entry, '--cwd', project, ...args], env)
}

describe('a new project', () => {
  it('has all files, and says which key its pages need', async () => {
    const names = (await readdir(project)).filter((name) => name !== 'node_modules')
    expect(names.sort()).toEqual([...PROJECT_FILE_NAMES].sort())
    const { sources } = await loadConfig(join(project, 'millrace.config.ts'), 'millrace.config.ts')
    const [key] = sources[0]?.writeKeys ?? []
    expect(report).toContain(`src="https://events.shop.example/millrace.js" data-write-key="${key}"`)
  })

  it('has a configuration and a plan that load', async () => {
    const { sources, development } = await loadConfig(
      join(project, 'millrace.config.ts'),
      'millrace.config.ts',
    )
    expect(sources).toMatchObject([
      {
        ...{ name: 'web', writeKeys: [expect.stringMatching(/^wk_[A-Za-z0-9]{20}$/)] },
        ...{ allowedOrigins: ['https://shop.example'], identity: { kind: 'cookie' } },
        ...{ secretKeyVar: 'WEB_SECRET_KEY', readTokenVar: 'WEB_READ_TOKEN' },
      },
    ])
    expect(Object.keys(sources[0]?.plan?.events ?? {})).toEqual([
      'Signed Up',
      'Product Viewed',
      'Order Completed',
    ])
    expect(development?.plan).toBe(sources[0]?.plan)
  })

  it('brings its Node along, because this one came from npm', async () => {
    const { devDependencies } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'))
    expect(process.execPath).toContain(join('node_modules', 'node', 'bin'))
    expect(devDependencies.node).toBe(process.versions.node)
  })

  it('compiles, and a mistake in it does not', async () => {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    expect(await runCommand(process.execPath, [tsc, '-p', project])).toMatchObject({ code: 0, stdout: '' })
    const mistaken = join(project, 'mistaken.ts')
    const text = `import type { Plan } from './plan.ts'
import { createWorker } from 'millrace/worker'
export const event: keyof Plan['events'] = 'Signed In'
createWorker({ sources: 'none' })
`
    await writeFile(mistaken, text)
    const { code, stdout } = await runCommand(process.execPath, [tsc, '-p', project])
    await rm(mistaken)
    expect(code).not.toBe(0)
    expect(stdout.match(/mistaken\.ts\(\d+/g)).toEqual(['mistaken.ts(3', 'mistaken.ts(4'])
  })

  it('exports what Cloudflare registers', async () => {
    const { handlers, exports } = await inspectEntry(join(project, 'worker.ts'))
    expect([[...handlers].sort(), exports]).toEqual([
      ['fetch', 'queue', 'scheduled'],
      expect.arrayContaining(['LiveAggregator']),
    ])
  })

  it.each([
    ['', 'shop', 'millrace'],
    ['staging', 'shop-staging', 'millrace_staging'],
  ])('is one that wrangler would deploy (environment %j)', async (environment, name, database) => {
    const args = ['deploy', '--dry-run', '--outdir', join(root, `out-${name}`), `--env=${environment}`]
    const { code, stdout, stderr } = await wrangler(args)
    expect([code, stderr]).toEqual([0, ''])
    const bindings = Object.fromEntries(
      [...stdout.matchAll(/^env\.(\w+)(?: \("?(.*?)"?\))? {2,}/gm)].map(([, binding, value]) => [
        binding,
        value,
      ]),
    )
    expect(bindings).toMatchObject({
      ...{ EVENTS_QUEUE: `${name}-events`, RETRY_QUEUE: `${name}-retry`, DEAD_QUEUE: `${name}-dead` },
      ...{ LAKE: `${name}-lake`, LIVE: 'LiveAggregator', MILLRACE_ENV: 'production' },
      ...{
        CLICKHOUSE_URL: 'https://db.example:8443',
        CLICKHOUSE_USER: 'millrace',
        CLICKHOUSE_DATABASE: database,
      },
    })
    expect(Object.keys(bindings)).toEqual(
      expect.arrayContaining(['ASSETS', 'SOURCE_LIMIT', 'CLIENT_LIMIT', 'QUERY_LIMIT']),
    )
  })

  it('is left as it is by a second run', async () => {
    const { code, stdout } = await runCommand(process.execPath, [LAUNCHER, 'init', project, ...FLAGS])
    expect([code, stdout.match(/^ {2}unchanged /gm)?.length]).toEqual([0, PROJECT_FILE_NAMES.length])
  })
})

describe('without a terminal', () => {
  it('says which flags are missing, and writes nothing', async () => {
    const folder = join(root, 'unasked')
    const { code, stderr } = await runCommand(process.execPath, [LAUNCHER, 'init', folder])
    expect([code, stderr]).toEqual([2, expect.stringContaining('give --name, --site or --no-site')])
    await expect(readdir(folder)).rejects.toThrow('ENOENT')
  })
})

describe('npm create millrace', () => {
  it('does the same with the same arguments', async () => {
    const folder = join(root, 'created')
    const { code, stdout } = await runCommand(process.execPath, [CREATE, folder, '--yes', '--no-staging'])
    expect([code, stdout]).toEqual([0, expect.stringContaining('created  wrangler.toml')])
    expect(stdout).toMatch(/\n {2}npm install --install-links \S+\/cli \S+\/sdk-node\n/)
    expect((await readdir(folder)).sort()).toEqual([...PROJECT_FILE_NAMES].sort())
  })

  it('explains itself', async () => {
    const { code, stdout } = await runCommand(process.execPath, [CREATE, '--help'])
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Usage: millrace init \[options\] \[folder\]/)])
  })
})
