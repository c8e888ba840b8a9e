/** `millrace doctor` against the running stack: all is well, then one thing after the other is broken on purpose. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/setup.mjs'
import { runCommand } from '../support/command.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

interface Report {
  counts: { ok: number; warning: number; problem: number; unknown: number }
  findings: { group: string; check: string; state: string; says: string; mend?: string }[]
}

let stack: TestStack
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-doctor-'))
  stack = await startTestStack()
  await stack.worker.triggerCron()
})
afterAll(async () => {
  await stack.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Runs it as a person would; a later option wins. */
function doctor(args: readonly string[] = [], env: Record<string, string> = {}) {
  const typed = ['doctor', '--url', stack.worker.url, '--clickhouse-url', stack.clickhouseUrl, ...args]
  return runCommand(process.execPath, ['cli/bin/millrace.mjs', ...typed], env)
}

async function report(args: readonly string[] = [], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await doctor([...args, '--json'], env)
  if (stdout === '') throw new Error(stderr)
  const parsed = JSON.parse(stdout) as Report
  const find = (group: string, check: string) =>
    parsed.findings.find((finding) => finding.group === group && finding.check === check)
  const problems = parsed.findings.filter(({ state }) => state === 'problem')
  return { code, ...parsed, find, problems }
}

async function writeFileIn(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

/** The repository's file, changed, in another folder. */
async function copyWrangler(change: (text: string) => string): Promise<string> {
  const text = await readFile(join(ROOT, 'wrangler.toml'), 'utf8')
  const changed = change(text)
  expect(changed).not.toBe(text)
  const located = changed.replace('main = "worker.ts"', `main = ${JSON.stringify(join(ROOT, 'worker.ts'))}`)
  return writeFileIn(`${crypto.randomUUID()}.toml`, located)
}

describe('millrace doctor', () => {
  it('has no problem to tell of a stack that works, on 80 columns, and sends an event through it when asked', async () => {
    const { code, stdout, stderr } = await doctor(['--probe'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).not.toContain('PROBLEM')
    expect(stdout).toMatch(/ok {9}entry: worker\.ts exports fetch, queue, scheduled, LiveAggregator\n/)
    expect(stdout).toMatch(/ok {9}write keys of dev: the key is taken\n/)
    expect(stdout).toMatch(/ok {9}tables: \d+ migrations, all of this release\n/)
    expect(stdout).toMatch(/ok {9}ledger: /)
    expect(stdout).toMatch(/ok {9}gaps: /)
    expect(stdout).toMatch(/ok {9}probe of dev: stored in ClickHouse after \d+\.\d s\n/)
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    const [row] = await stack.query<{ events: string }>(
      "SELECT count() AS events FROM events FINAL WHERE event = 'Doctor Probe'",
    )
    expect(Number(row?.events)).toBe(1)
  })

  it('takes the placeholder for ClickHouse for no problem beside a collector of this machine', async () => {
    const { code, find, problems } = await report(['--clickhouse-url', 'https://clickhouse.invalid:8443'])
    expect([code, problems]).toEqual([0, []])
    expect(find('ClickHouse', 'address')).toMatchObject({ state: 'unknown' })
    expect(find('collector', 'address')).toMatchObject({ state: 'ok' })
  })

  it('stores nothing and sends nothing without --probe', async () => {
    const count = () =>
      stack.query(
        'SELECT (SELECT count() FROM events) AS events, (SELECT count() FROM quarantine) AS refused, (SELECT count() FROM receipts) AS receipts',
      )
    const before = await count()
    await report()
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect(await count()).toEqual(before)
  })

  it('tells what the ledger explains, that it is out of date, and that no heartbeat is meant to be', async () => {
    const explained = await waitFor(
      async () => {
        await stack.worker.triggerCron()
        return (await report()).find('pipeline', 'ledger')
      },
      (finding) => finding?.says.startsWith('explains all of') === true,
      60_000,
    )
    expect(explained).toMatchObject({ state: 'ok', says: 'explains all of 1 event of the last day' })
    await runSql(
      "INSERT INTO ledger_runs (job, up_to, minutes, duration_ms) SELECT 'ledger', now64(3) - INTERVAL 1 HOUR, 0, 0",
    )
    const { find } = await report()
    expect(find('pipeline', 'ledger')).toMatchObject({
      state: 'warning',
      says: 'was computed last 60 minutes ago, so it is out of date',
    })
    expect(find('pipeline', 'heartbeat')).toMatchObject({ state: 'ok', says: expect.stringMatching(/^off/) })
  })

  it('notices a consumer that wrangler.toml lost, and says what to write where', async () => {
    const wrangler = await copyWrangler((text) =>
      text.replace(/\[\[queues\.consumers\]\]\nqueue = "millrace-retry"\n(.+\n)+/, ''),
    )
    const { code, problems } = await report(['--wrangler', wrangler])
    expect(code).toBe(1)
    expect(problems).toMatchObject([
      { check: 'queue retry', says: expect.stringContaining('nothing consumes millrace-retry') },
    ])
    expect(problems[0]?.mend).toContain('[[queues.consumers]] with queue = "millrace-retry"')
  })

  it('notices an entry that does not export queue', async () => {
    const entry = await writeFileIn(
      'entry.ts',
      `import worker from ${JSON.stringify(join(ROOT, 'worker.ts'))}
export { LiveAggregator } from ${JSON.stringify(join(ROOT, 'worker.ts'))}
export default { fetch: worker.fetch, scheduled: worker.scheduled }`,
    )
    const text = await readFile(join(ROOT, 'wrangler.toml'), 'utf8')
    const wrangler = await writeFileIn(
      'entry.toml',
      text.replace('main = "worker.ts"', `main = ${JSON.stringify(entry)}`),
    )
    const { code, problems } = await report(['--wrangler', wrangler])
    expect(code).toBe(1)
    expect(problems).toMatchObject([
      { check: 'entry', says: expect.stringContaining('does not export queue') },
    ])
  })

  it('notices a key that the collector does not know, and one of a source that was given another secret', async () => {
    const sources = [
      {
        name: 'shop',
        writeKeys: ['wk_new'],
        secretKeyVar: 'SHOP_SECRET_KEY',
        allowedOrigins: ['https://a.example'],
      },
    ]
    const config = await writeFileIn('shop.config.mjs', `export default ${JSON.stringify({ sources })}`)
    const env = { SHOP_SECRET_KEY: 'sk-very-secret-value' }
    const { code, find } = await report(['--config', config], env)
    expect(code).toBe(1)
    expect(find('collector', 'write keys of shop')).toMatchObject({
      state: 'problem',
      says: expect.stringContaining('does not know writeKeys[0]'),
    })
    expect(find('collector', 'secret key of shop')).toMatchObject({ state: 'problem' })
    expect(find('collector', 'write keys of dev')).toMatchObject({ state: 'ok' })
    const { stdout, stderr } = await doctor(['--config', config], env)
    expect(stdout + stderr).not.toContain('sk-very-secret-value')
  })

  it('says where a configuration is wrong, and checks what does not depend on it', async () => {
    const config = await writeFileIn(
      'broken.config.ts',
      `import { defineConfig } from ${JSON.stringify(join(ROOT, 'schemas/src/config.ts'))}
export default defineConfig({ sources: [{ name: 'shop', writeKeys: [] }] })`,
    )
    const { code, problems, find } = await report(['--config', config])
    expect(code).toBe(1)
    expect(problems[0]?.says).toContain('sources[0].writeKeys must be an array of at least one key')
    expect(find('ClickHouse', 'version')?.state).toBe('ok')
  })

  it('notices a clock that is wrong by the Date of the answers', async () => {
    const { url, close } = await startSkewed(stack.worker.url, -90_000)
    try {
      const { code, find } = await report(['--url', url])
      expect(code).toBe(1)
      expect(find('collector', 'clock of the collector')).toMatchObject({
        state: 'problem',
        says: expect.stringMatching(/^(8|9)\d\.\d s behind this machine/),
      })
    } finally {
      close()
    }
  })

  it('names a migration that is pending', async () => {
    const [last] = await stack.query<{ version: number; name: string }>(
      'SELECT version, name FROM migrations ORDER BY version DESC LIMIT 1',
    )
    await forget(Number(last?.version))
    const { code, problems } = await report()
    expect(code).toBe(1)
    expect(problems).toMatchObject([
      { group: 'ClickHouse', check: 'tables', says: `1 migration pending: ${last?.name}` },
    ])
    expect(problems[0]?.mend).toContain(
      `npx millrace migrate --clickhouse-url ${stack.clickhouseUrl} --database millrace`,
    )
  })

  it('says of a ClickHouse that is away that nothing is lost, and of a collector how to start it', async () => {
    const { code, find, problems } = await report([
      '--clickhouse-url',
      'http://127.0.0.1:1',
      '--url',
      'http://127.0.0.1:2',
    ])
    expect(code).toBe(1)
    expect(find('ClickHouse', 'address')?.mend).toContain('Nothing is lost meanwhile')
    expect(find('collector', 'address')?.mend).toContain('npm start')
    expect(problems).toHaveLength(2)
    expect(find('pipeline', 'ledger, gaps, heartbeat')?.state).toBe('unknown')
  })

  it('says so where wrangler is not logged in, and what was typed wrong', async () => {
    const home = await mkdtemp(join(folder, 'home-'))
    const alone = { HOME: home, XDG_CONFIG_HOME: home, CLOUDFLARE_API_TOKEN: '' }
    const { find } = await report(['--remote'], alone)
    expect(find('Cloudflare', 'consumers and secrets')).toMatchObject({
      state: 'unknown',
      says: 'wrangler is not logged in',
    })
    const wrong = await doctor(['--url', 'collect.example'])
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringContaining('must be an http or https address'),
    ])
  })
})

async function forget(version: number): Promise<void> {
  await runSql(`ALTER TABLE migrations DELETE WHERE version = ${version}`)
}

async function runSql(body: string): Promise<void> {
  const url = `${stack.clickhouseUrl}/?database=millrace&mutations_sync=2`
  const response = await fetch(url, { method: 'POST', body })
  if (!response.ok) throw new Error(await response.text())
}

/** The collector as it would look with another clock. */
async function startSkewed(target: string, skewMs: number): Promise<{ url: string; close: () => void }> {
  const server: Server = createServer(async (request, response) => {
    const { authorization = '' } = request.headers
    const answer = await fetch(target + request.url, { headers: { authorization } })
    response.writeHead(answer.status, { date: new Date(Date.now() + skewMs).toUTCString() })
    response.end(await answer.text())
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() }
}
