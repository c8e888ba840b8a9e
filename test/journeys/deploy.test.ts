/** `millrace deploy` from an empty account to an event in ClickHouse: wrangler's Cloudflare is a file, all else is real. */

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inspectEntry } from '../../cli/src/doctor/entry-shape.ts'
import {
  RATE_LIMITS,
  REQUIRED_ASSETS,
  REQUIRED_BUCKET,
  REQUIRED_HANDLERS,
  REQUIRED_OBJECT,
  REQUIRED_QUEUES,
  REQUIRED_VARS,
} from '../../cli/src/doctor/required-bindings.ts'
import { ROOT } from '../../scripts/setup.mjs'
import { runCommand, signalGroup, startCommand } from '../support/command.ts'
import { type ConfiguredStack, configPath, startConfiguredStack } from '../support/configured-stack.ts'
import { waitFor } from '../support/wait.ts'
import { installStandIn, readState, writeState } from '../support/wrangler-stand-in.ts'

/** As the stack has them; with those of `blog`, all that the configuration names. */
const SECRETS = {
  CLICKHOUSE_PASSWORD: 'clickhouse-password-1',
  SHOP_SECRET_KEY: 'shop-secret',
  SHOP_READ_TOKEN: 'shop-read-token-2',
  BLOG_SECRET_KEY: 'blog-secret-key-3',
  BLOG_READ_TOKEN: 'blog-read-token-4',
}

const KEPT = 'r2 object put millrace-lake/deploy/plan.json --remote --pipe --content-type application/json'

let stack: ConfiguredStack
let project: string
let temporary: string

beforeAll(async () => {
  stack = await startConfiguredStack('two-sources')
  project = await mkdtemp(join(tmpdir(), 'millrace-project-'))
  temporary = join(project, 'tmp')
  await mkdir(temporary)
  await installStandIn(project, stack.url)
  await writeConfig()
  const worker = JSON.stringify(join(ROOT, 'worker.ts'))
  await writeFile(join(project, 'worker.ts'), `export * from ${worker}\nexport { default } from ${worker}\n`)
  await writeWrangler()
})
afterAll(async () => {
  await stack.stop()
  await rm(project, { recursive: true, force: true })
})

/** With or without a plan of `shop`. */
async function writeConfig(properties?: string): Promise<void> {
  const plan = `definePlan({ events: { Bought: { version: '1-0-0', owner: 'shop', description: 'A purchase.', properties: ${properties} } } })`
  const text = `import { z } from ${JSON.stringify(join(ROOT, 'node_modules/zod/index.js'))}
import { definePlan } from ${JSON.stringify(join(ROOT, 'schemas/src/config.ts'))}
import config from ${JSON.stringify(join(ROOT, configPath('two-sources')))}
const plan = ${properties === undefined ? 'undefined' : plan}
const [shop, ...others] = config.sources
export default { ...config, sources: [{ ...shop, ...(plan && { plan }) }, ...others] }
void [z, definePlan]
`
  await writeFile(join(project, 'millrace.config.ts'), text)
}

/** The repository's, with a ClickHouse that the Worker could reach. */
async function writeWrangler(): Promise<void> {
  const text = await readFile(join(ROOT, 'wrangler.toml'), 'utf8')
  const changed = text
    .replace('http://127.0.0.1:8123', 'https://clickhouse.example:8443')
    .replace('directory = "dist/assets"', `directory = ${JSON.stringify(join(ROOT, 'dist/assets'))}`)
  await writeFile(join(project, 'wrangler.toml'), changed)
}

function typed(args: readonly string[]): string[] {
  const files = [
    '--config',
    join(project, 'millrace.config.ts'),
    '--wrangler',
    join(project, 'wrangler.toml'),
  ]
  const clickhouse = ['--clickhouse-url', stack.quarantineOptions.at(-1) ?? '']
  return ['cli/bin/millrace.mjs', 'deploy', ...files, ...clickhouse, ...args]
}

function deploy(args: readonly string[] = [], env: Record<string, string> = SECRETS) {
  return runCommand(process.execPath, typed(args), { ...env, TMPDIR: temporary })
}

/** Commands that changed something, without what they have in common. */
async function effects(): Promise<string[]> {
  const { calls } = await readState(project)
  const short = calls.map((args) => args.slice(0, args.indexOf('--config')).join(' '))
  return short
    .filter((call) => !/ info |^whoami|^secret| get /.test(call))
    .map((call) => call.replace(/\S+secrets\.json/, 'secrets.json'))
}

/** Wrangler leaves something of its own there, too. */
async function leftFolders(): Promise<string[]> {
  return (await readdir(temporary)).filter((name) => name.startsWith('millrace-'))
}

async function countProbes(): Promise<number> {
  const [row] = await stack.query<{ events: string }>(
    "SELECT count() AS events FROM events FINAL WHERE event = 'Doctor Probe' AND source = 'shop'",
  )
  return Number(row?.events)
}

describe('millrace deploy', () => {
  it('says in a dry run what it would do, with the Worker as wrangler bundles it, and changes nothing', async () => {
    const { code, stdout, stderr } = await deploy(['--dry-run'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('npx wrangler queues create millrace-dead --config ')
    expect(stdout).toMatch(/up with the Worker: CLICKHOUSE_PASSWORD, SHOP_SECRET_KEY/)
    expect(stdout).toMatch(/Total Upload: .* \/ gzip: /)
    expect(stdout).toMatch(/env\.EVENTS_QUEUE \(millrace-events\) +Queue/)
    expect(await effects()).toEqual([])
  })

  it('is interrupted while the Worker goes up, leaves no secret on the disk, and goes on the next time', async () => {
    await writeState(project, { ...(await readState(project)), deployMs: 60_000 })
    const running = startCommand(process.execPath, typed([]), { ...SECRETS, TMPDIR: temporary })
    // The file of secrets is there while wrangler reads it.
    await waitFor(
      async () => (await readdir(temporary, { recursive: true })).join(' '),
      (names) => names.includes('secrets.json'),
      60_000,
    )
    signalGroup(running, 'SIGINT')
    const { code, stdout } = await running.finished
    expect(code).toBe(130)
    expect(stdout).toContain(
      'Interrupted. Done: queues and bucket, tables of ClickHouse, secrets. Left: Worker,',
    )
    expect(await leftFolders()).toEqual([])
    await writeState(project, { ...(await readState(project)), deployMs: 0 })
  })

  it('makes what is missing, migrates, sends the Worker with its secrets, and proves it by an event in ClickHouse', async () => {
    const [last] = await stack.query<{ version: number; name: string }>(
      'SELECT version, name FROM migrations ORDER BY version DESC LIMIT 1',
    )
    const clickhouse = `${stack.quarantineOptions.at(-1)}/?database=millrace&mutations_sync=2`
    const body = `ALTER TABLE migrations DELETE WHERE version = ${last?.version}`
    expect((await fetch(clickhouse, { method: 'POST', body })).status).toBe(200)
    const { code, stdout, stderr } = await deploy()
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain(`applied ${last?.name}`)
    expect(stdout).toMatch(/6\/8 front door … ok, http:\/\/127\.0\.0\.1:\d+ answers after/)
    expect(stdout).toMatch(
      /7\/8 proof … ok, one event of shop: taken after [\d.]+ m?s, in ClickHouse after [\d.]+ m?s\n/,
    )
    expect(stdout).toContain(
      `<script async src="${stack.url}/millrace.js" data-write-key="wk_shop" data-auto-page></script>`,
    )
    expect(await countProbes()).toBe(1)
    expect(await effects()).toEqual([
      // Of the run that was interrupted; what it had made was not made again.
      ...['queues create millrace-dead', 'queues create millrace-events', 'queues create millrace-retry'],
      'r2 bucket create millrace-lake',
      'deploy --secrets-file secrets.json',
      KEPT,
    ])
    const { account, calls } = await readState(project)
    expect(Object.fromEntries(account.secrets)).toEqual(SECRETS)
    expect(JSON.stringify(calls) + stdout).not.toMatch(/password-1|shop-secret|token-2|key-3|token-4/)
    expect(await leftFolders()).toEqual([])
  })

  it('sends the Worker the second time and keeps its new plan, and reports it as JSON', async () => {
    await writeConfig('z.object({ value: z.number() })')
    const before = await effects()
    const { code, stdout, stderr } = await deploy(['--json'], {})
    expect(code).toBe(0)
    expect((await effects()).slice(before.length)).toEqual(['deploy', KEPT])
    const report = JSON.parse(stdout) as { addresses: string[]; steps: { title: string; state: string }[] }
    expect(report.addresses).toEqual([stack.url])
    expect(report.steps.map(({ state }) => state)).toEqual(Array(7).fill('done'))
    expect(stderr).toMatch(
      /2\/8 queues and bucket … ok, all 4 are there\n3\/8 tables of ClickHouse … ok, nothing is pending\n/,
    )
    expect(await countProbes()).toBe(2)
  })

  it('refuses a plan that breaks the one that is deployed', async () => {
    await writeConfig('z.object({ value: z.string() })')
    const before = await effects()
    const { code, stdout } = await deploy()
    expect([code, await effects()]).toEqual([1, before])
    expect(stdout).toMatch(/✗ Bought +breaking/)
    expect(stdout).toContain('Nothing was done.')
  })
})

describe('wrangler deploy --dry-run of the repository', () => {
  it('has the handlers, the class and the bindings that the code needs, and is small', async () => {
    const [out, record] = [join(project, 'out'), join(project, 'record.ndjson')]
    const args = ['deploy', '--dry-run', '--outdir', out, '--config', join(ROOT, 'wrangler.toml')]
    const env = { CI: '1', NO_COLOR: '1', WRANGLER_LOG: 'log', WRANGLER_OUTPUT_FILE_PATH: record }
    const { code, stdout } = await runCommand(
      process.execPath,
      [join(ROOT, 'node_modules/wrangler/bin/wrangler.js'), ...args],
      env,
    )
    expect(code).toBe(0)
    const bound = [...stdout.matchAll(/^env\.(\w+)/gm)].map(([, name]) => name)
    const needed = [
      REQUIRED_OBJECT.binding,
      ...REQUIRED_QUEUES.map(({ binding }) => binding),
      REQUIRED_BUCKET,
    ]
    expect(bound.sort()).toEqual([...needed, ...RATE_LIMITS, REQUIRED_ASSETS, ...REQUIRED_VARS].sort())
    const { handlers, exports } = await inspectEntry(join(out, 'worker.js'))
    expect(handlers.sort()).toEqual(Object.keys(REQUIRED_HANDLERS).sort())
    expect(exports).toEqual([REQUIRED_OBJECT.className])
    const lines = (await readFile(record, 'utf8')).trim().split('\n')
    const { bundle_size: size } = JSON.parse(lines.at(-1) ?? '') as { bundle_size: { gzip_bytes: number } }
    // The free plan takes 3 MiB.
    expect(size.gzip_bytes).toBeLessThan(640 * 1024)
  })
})
