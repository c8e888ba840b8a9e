/**
 * A wrangler whose Cloudflare is a file: it remembers queues, buckets, objects and secrets, and records what was asked.
 * `deploy --dry-run` goes on to the real one. A project gets it as `node_modules/wrangler/bin/wrangler.js`.
 */

import { spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createFakeCloudflare, type FakeAccount } from '../../cli/src/deploy/fake-cloudflare.ts'
import { ROOT } from '../../scripts/setup.mjs'

/** What the file has. */
export interface StandInState {
  account: Omit<FakeAccount, 'objects' | 'secrets'> & {
    objects: [string, string][]
    secrets: [string, string][]
  }
  /** Arguments of each run, as they were typed. */
  calls: string[][]
  /** Milliseconds that `deploy` takes. */
  deployMs: number
}

/** Puts it into a project; the account has nothing yet, and the Worker will be at that address. */
export async function installStandIn(project: string, address: string): Promise<void> {
  const folder = join(project, 'node_modules/wrangler/bin')
  await mkdir(folder, { recursive: true })
  const account = {
    isLoggedIn: true,
    queues: [],
    buckets: [],
    objects: [],
    secrets: [],
    versions: 0,
    address,
  }
  await writeState(project, { account, calls: [], deployMs: 0 })
  const run = `import { runStandIn } from ${JSON.stringify(import.meta.filename)}\nawait runStandIn(${JSON.stringify(project)})\n`
  await writeFile(join(folder, 'wrangler.js'), run)
}

/** What Cloudflare has, and was asked. */
export async function readState(project: string): Promise<StandInState> {
  return JSON.parse(await readFile(placeOf(project), 'utf8')) as StandInState
}

/** Changes it. */
export function writeState(project: string, state: StandInState): Promise<void> {
  return writeFile(placeOf(project), JSON.stringify(state))
}

function placeOf(project: string): string {
  return join(project, 'cloudflare.json')
}

/** Runs as wrangler, in a process of its own. */
export async function runStandIn(project: string): Promise<void> {
  const args = process.argv.slice(2)
  if (args.includes('--dry-run')) {
    const real = join(ROOT, 'node_modules/wrangler/bin/wrangler.js')
    process.exit(spawnSync(process.execPath, [real, ...args], { stdio: 'inherit' }).status ?? 1)
  }
  const stdin = args.includes('put') ? await text(process.stdin) : ''
  if (args[0] === 'deploy') await sleep((await readState(project)).deployMs)
  await withLock(project, async () => {
    const state = await readState(project)
    const { objects, secrets } = state.account
    const account = { ...state.account, objects: new Map(objects), secrets: new Map(secrets) }
    const fake = createFakeCloudflare(account)
    const onLine = (line: string) => console.log(line)
    const result = await fake.run(args, { cwd: process.cwd(), env: process.env, stdin, onLine })
    await writeState(project, {
      ...state,
      account: {
        ...fake.account,
        objects: [...fake.account.objects],
        secrets: [...fake.account.secrets],
      },
      calls: [...state.calls, args],
    })
    process.stdout.write(result.stdout)
    process.stderr.write(result.stderr)
    process.exitCode = result.code ?? 1
  })
}

/** Several may run at once, and each writes the whole file. */
async function withLock(project: string, work: () => Promise<void>): Promise<void> {
  const lock = join(project, 'cloudflare.lock')
  while (
    !(await mkdir(lock).then(
      () => true,
      () => false,
    ))
  )
    await sleep(20)
  const { rmdirSync } = await import('node:fs')
  process.once('exit', () => rmdirSync(lock))
  await work()
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms))
}
