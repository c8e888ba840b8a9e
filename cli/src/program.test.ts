import { execFile, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import release from '../package.json' with { type: 'json' }
import { createFakeCollector } from './access-log/fake-collector.ts'
import { createSink } from './fakes.ts'
import { runProgram } from './program.ts'

const LOG = fileURLToPath(new URL('../fixtures/combined.log', import.meta.url))
const LAUNCHER = fileURLToPath(new URL('../bin/millrace.mjs', import.meta.url))

/** Runs the command against a collector that takes everything; what it wrote, how it ended, whom it called. */
async function run(args: string[], env: Record<string, string> = {}) {
  const stdout = createSink()
  const stderr = createSink()
  const keys = new Set<string>()
  const { fetch, events, urls } = createFakeCollector()
  const exitCode = await runProgram({
    args,
    env,
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    fetch(url, init) {
      keys.add(atob((init.headers['authorization'] ?? '').replace('Basic ', '')))
      return fetch(url, init)
    },
  })
  return { exitCode, stdout: stdout.text(), stderr: stderr.text(), keys: [...keys], urls: [...urls], events }
}

it('millrace --version is that of the package', async () => {
  const { exitCode, stdout } = await run(['--version'])
  expect(exitCode).toBe(0)
  expect(stdout).toBe(`${release.version}\n`)
})

describe('millrace import access-log', () => {
  it('prints a table that adds up', async () => {
    const { exitCode, stdout, stderr, keys, urls } = await run([
      'import',
      'access-log',
      LOG,
      '--source',
      'dev',
    ])
    expect(exitCode).toBe(0)
    expect(stdout).toContain('combined.log to source dev at http://127.0.0.1:8787\n')
    expect(stdout).toMatch(/26 lines = 8 \+ 16 \+ 2, in /)
    expect([stderr, keys, urls]).toEqual(['', ['dev-secret:'], ['http://127.0.0.1:8787/v1/import']])
  })

  it('prints JSON for scripts', async () => {
    const { stdout } = await run(['import', 'access-log', LOG, '--source', 'dev', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ records: 26, events: 8, sent: { accepted: 8 } })
  })

  it('puts the site before each path', async () => {
    const { events } = await run([
      'import',
      'access-log',
      LOG,
      '--source',
      'dev',
      '--site',
      'https://shop.example/',
    ])
    expect(events[0]?.['properties']).toMatchObject({ url: 'https://shop.example/' })
  })

  it.each([
    [['--secret-key', 'given'], { MILLRACE_SECRET_KEY: 'environment' }, 'given:'],
    [[], { MILLRACE_SECRET_KEY: 'environment' }, 'environment:'],
  ])('takes the key from %j and %j', async (flags, env, key) => {
    const { keys } = await run(['import', 'access-log', LOG, '--source', 'shop', ...flags], env)
    expect(keys).toEqual([key])
  })

  it('needs no key for a dry run', async () => {
    const { exitCode, keys } = await run(['import', 'access-log', LOG, '--source', 'shop', '--dry-run'])
    expect([exitCode, keys]).toEqual([0, []])
  })

  it.each([
    [[], 'Usage: millrace'],
    [
      ['import', 'access-log', 'no-such.log', '--source', 'dev'],
      'cannot read no-such.log: there is no such file',
    ],
    [['import', 'access-log', '.', '--source', 'dev'], 'cannot read .: it is a folder'],
    [['import', 'access-log', LOG], "required option '--source <name>'"],
    [['import', 'access-log', LOG, '--source', 'dev', '--colour'], "unknown option '--colour'"],
    [['import', 'access-log', LOG, '--source', 'shop'], 'the secret key of the source shop is needed'],
    [
      ['import', 'access-log', LOG, '--source', 'dev', '--endpoint', 'https://events.example.com'],
      'the secret key of the source dev is needed',
    ],
    [['import', 'access-log', LOG, '--source', 'dev', '--endpoint', 'here'], '--endpoint must be'],
    [['import', 'access-log', LOG, '--source', 'dev', '--site', 'shop.example'], '--site must be an origin'],
    [['import', 'access-log', LOG, '--source', 'My Shop'], '--source must be 1 to 64 lower-case letters'],
    [['import', 'access-log', LOG, '--source', 'dev', '--secret-key', 'ö'], 'the secret key must be ASCII'],
  ])('explains wrong usage and ends with 2 (%#)', async (args, message) => {
    const { exitCode, stderr } = await run(args)
    expect(exitCode).toBe(2)
    expect(stderr).toContain(message)
  })
})

describe('a process whose output cannot be written', () => {
  const ARGS = [LAUNCHER, 'import', 'access-log', LOG, '--source', 'dev', '--dry-run']

  /** Runs the command with these streams; its exit code and what came through those that are pipes. */
  async function runProcess(
    stdout: 'pipe' | 'closed' | number,
    stderr: 'pipe' | 'closed' | number,
    args: string[] = ARGS,
  ) {
    const [out, err] = [stdout, stderr].map((stream) => (stream === 'closed' ? 'pipe' : stream))
    const child = spawn(process.execPath, args, { stdio: ['ignore', out, err] })
    const texts = { stdout: '', stderr: '' }
    for (const [name, mode] of Object.entries({ stdout, stderr }) as ['stdout' | 'stderr', unknown][]) {
      if (mode === 'closed') child[name]?.destroy()
      child[name]?.on('data', (chunk) => (texts[name] += chunk))
    }
    const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve))
    return { exitCode, ...texts }
  }

  it('ends as the import does when nobody reads the report any more', async () => {
    expect(await runProcess('closed', 'pipe')).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  })

  it('ends as the command does when nobody reads its errors any more', async () => {
    const args = [LAUNCHER, 'import', 'access-log', 'no-such.log', '--source', 'dev']
    expect(await runProcess('pipe', 'closed', args)).toEqual({ exitCode: 2, stdout: '', stderr: '' })
  })

  it.runIf(existsSync('/dev/full'))('says in one line that the disk is full, and fails', async () => {
    const full = openSync('/dev/full', 'w')
    onTestFinished(() => closeSync(full))
    const { exitCode, stderr } = await runProcess(full, 'pipe')
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^millrace: cannot write to standard output: ENOSPC.*\n$/)
    expect(await runProcess('pipe', full, [LAUNCHER])).toMatchObject({ exitCode: 1 })
  })
})

it('the launcher runs the command in a process of its own', async () => {
  const args = [LAUNCHER, 'import', 'access-log', LOG, '--source', 'dev', '--dry-run', '--json']
  const { stdout } = await promisify(execFile)(process.execPath, args)
  expect(JSON.parse(stdout)).toMatchObject({ records: 26, events: 8, isDryRun: true })
})
