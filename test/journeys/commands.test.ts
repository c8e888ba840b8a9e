/** The commands of the README, typed as they stand there: what they print, what they leave, how they end. */

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/setup.mjs'
import { launchBrowser } from '../support/browser.ts'
import {
  type CommandResult,
  type RunningCommand,
  runCommand,
  signalGroup,
  startCommand,
} from '../support/command.ts'
import { findFreePort } from '../support/ports.ts'
import { listDescendants } from '../support/processes.ts'
import { shopTillCheckout } from '../support/shopper.ts'
import { waitFor } from '../support/wait.ts'

let env: Record<string, string>
let dataPath: string
let browser: Browser
let start: RunningCommand

beforeAll(async () => {
  dataPath = await mkdtemp(join(tmpdir(), 'millrace-commands-'))
  env = {
    PORT: String(await findFreePort()),
    CLICKHOUSE_PORT: String(await findFreePort()),
    MILLRACE_DATA: dataPath,
    MILLRACE_BENCH_RESULTS: join(dataPath, 'bench'),
  }
  browser = await launchBrowser()
  start = await npmStart()
})
afterAll(async () => {
  signalGroup(start, 'SIGINT')
  await start.finished
  await browser.close()
  await rm(dataPath, { recursive: true, force: true })
})

async function npmStart(): Promise<RunningCommand> {
  const command = startCommand('npm', ['start'], env)
  await waitFor(() => command.output().includes('\nready\n'), undefined, 60_000).catch((error: Error) => {
    throw new Error(`npm start is not ready: ${error.message}\n${command.output()}`)
  })
  return command
}

async function select(query: string): Promise<unknown[]> {
  const url = `http://127.0.0.1:${env['CLICKHOUSE_PORT']}/?database=millrace&default_format=JSONCompactEachRow`
  const text = await (await fetch(url, { method: 'POST', body: query })).text()
  return text
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

describe('npm start', () => {
  it('says where everything is', () => {
    for (const words of [
      'demo shop',
      `http://127.0.0.1:${env['PORT']}/demo/`,
      `http://127.0.0.1:${env['CLICKHOUSE_PORT']}`,
      'dev-secret',
    ]) {
      expect(start.output()).toContain(words)
    }
  })

  it('shows the clicks of a visitor of the shop in ClickHouse within ten seconds, exactly those, numbered without gaps', async () => {
    const page = await browser.newPage()
    const expected = await shopTillCheckout(page, `http://127.0.0.1:${env['PORT']}`)
    const doneAt = Date.now()
    const look = () => select('SELECT type, event, page_path FROM events FINAL ORDER BY stream, seq')
    const rows = await waitFor(look, (found) => found.length >= expected.length, 10_000)
    expect(Date.now() - doneAt).toBeLessThan(10_000)
    await page.close()
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect(await look()).toEqual(rows)
    expect(rows).toEqual(expected)
    const numbered = await select(
      'SELECT toUInt32(uniqExact(stream)), toUInt32(min(seq)), toUInt32(max(seq)), toUInt32(count()) FROM events FINAL',
    )
    expect(numbered).toEqual([[1, 1, expected.length, expected.length]])
  })

  it('says plainly that a port is taken, and which variable moves it', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => holder.once('listening', resolve))
    const address = holder.address()
    const taken = String(typeof address === 'object' ? address?.port : '')
    try {
      const byWorker = await runCommand('npm', ['start'], { ...env, PORT: taken })
      expect(byWorker.stderr).toContain(`port ${taken} is already in use; set PORT to another`)
      const free = String(await findFreePort())
      const byClickHouse = await runCommand('npm', ['start'], { ...env, PORT: free, CLICKHOUSE_PORT: taken })
      expect(byClickHouse.stderr).toContain(`port ${taken} is already in use; set CLICKHOUSE_PORT to another`)
      expect([byWorker.code, byClickHouse.code]).toEqual([1, 1])
    } finally {
      holder.close()
    }
  })

  it.each<[string, () => void]>([
    ['Ctrl-C', () => signalGroup(start, 'SIGINT')],
    ['SIGTERM to the process of the stack alone', () => process.kill(findStackPid(), 'SIGTERM')],
    ['SIGINT to the process of the stack alone', () => process.kill(findStackPid(), 'SIGINT')],
    ['SIGINT to the group of the stack', () => process.kill(-findStackPid(), 'SIGINT')],
    ['SIGTERM to every process at once, as systemd ends a unit', () => signalAll('SIGTERM')],
  ])(
    'keeps on %s what was acknowledged a moment before, and shows it after the next start',
    async (how, signal) => {
      const event = `Last Words before ${how}`
      const body = JSON.stringify({ writeKey: 'dev', batch: [{ type: 'track', event, userId: 'u' }] })
      const response = await fetch(`http://127.0.0.1:${env['PORT']}/v1/batch`, { method: 'POST', body })
      expect(response.status).toBe(200)
      signal()
      await start.finished
      await expect(fetch(`http://127.0.0.1:${env['PORT']}/health`)).rejects.toThrow()
      await expect(fetch(`http://127.0.0.1:${env['CLICKHOUSE_PORT']}/ping`)).rejects.toThrow()
      start = await npmStart()
      expect(await select(`SELECT event FROM events FINAL WHERE event = '${event}'`)).toEqual([[event]])
    },
  )

  it('keeps what it acknowledges until its very end, and tells the rest to come again', async () => {
    const acknowledged: string[] = []
    const refused: string[] = []
    const posted = postUntilGone(acknowledged, refused)
    await waitFor(() => acknowledged.length > 5)
    signalGroup(start, 'SIGINT')
    await posted
    await start.finished
    start = await npmStart()
    const rows = await select("SELECT event FROM events FINAL WHERE user_id = 'posted' ORDER BY event")
    expect(rows.flat()).toEqual(acknowledged.sort())
    expect(new Set(refused)).toEqual(new Set(['503, 3, temporarily_unavailable']))
  })
})

/** Posts an event every 20 ms until nobody answers. */
async function postUntilGone(acknowledged: string[], refused: string[]): Promise<void> {
  for (;;) {
    const event = crypto.randomUUID()
    const body = JSON.stringify({ writeKey: 'dev', batch: [{ type: 'track', event, userId: 'posted' }] })
    try {
      const response = await fetch(`http://127.0.0.1:${env['PORT']}/v1/batch`, {
        ...{ method: 'POST', body, signal: AbortSignal.timeout(30_000) },
      })
      const { code } = (await response.json()) as { code?: string }
      if (response.status === 200) acknowledged.push(event)
      else refused.push(`${response.status}, ${response.headers.get('retry-after')}, ${code}`)
    } catch {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function findStackPid(): number {
  const found = listDescendants(start.child.pid ?? 0).find(
    ({ command }) => command.includes('local/src/start.ts') && !command.includes('run.mjs'),
  )
  if (found === undefined) throw new Error('there is no process of the stack')
  return found.pid
}

function signalAll(signal: NodeJS.Signals): void {
  for (const { pid } of [...listDescendants(start.child.pid ?? 0), { pid: start.child.pid ?? 0 }])
    process.kill(pid, signal)
}

/** How each command of the README is run here; a command that is not listed fails the test. */
const RUNNERS: [RegExp, (command: string) => Promise<string>][] = [
  [/^npm start$/, async () => start.output()],
  [/^curl /, (command) => shell(command)],
  // Not by the registry: `test/packages` makes it of the packed package.
  [
    /^npm create millrace@latest my-site$/,
    () => shell(`node create-millrace/bin/create-millrace.mjs ${join(dataPath, 'my-site')} --yes`),
  ],
  [
    /^npx millrace (import|query|books) /,
    (command) => shell(`${command} --endpoint http://127.0.0.1:${env['PORT']}`),
  ],
  // The whole run takes a minute and loads both cores; one measurement shows that the command works.
  [/^npm run bench$/, (command) => shell(`${command} -- sizes`)],
  // These two are what runs this very test, check included.
  [/^npm (test|run check)$/, async () => 'ran before'],
]

async function shell(command: string): Promise<string> {
  const result: CommandResult = await runCommand('sh', ['-c', command], env)
  if (result.code !== 0) throw new Error(`${command} ended with ${result.code}: ${result.stderr}`)
  return result.stdout
}

describe('the README', () => {
  it('has only commands that work', async () => {
    const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
    // `test/docs/unrun.ts` keeps the list of those that say why they are not run.
    const blocks = [...readme.matchAll(/^(<!-- not run: .* -->\n)?```sh\n([\s\S]*?)^```$/gm)]
    const run = blocks.filter(([, notRun]) => notRun === undefined)
    const commands = run.flatMap(([, , block = '']) => block.trim().split('\n'))
    expect(commands.length).toBeGreaterThan(6)
    for (const command of commands) {
      const here = command
        .replaceAll(':8787', `:${env['PORT']}`)
        .replaceAll(':8123', `:${env['CLICKHOUSE_PORT']}`)
      const runner = RUNNERS.find(([pattern]) => pattern.test(command))
      if (runner === undefined) throw new Error(`the README has a command that no test runs: ${command}`)
      expect(await runner[1](here), command).not.toBe('')
    }
  })
})
