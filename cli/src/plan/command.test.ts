/** The commands on real git repositories. */

import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { UsageError } from '../command-world.ts'
import { createSink } from '../fakes.ts'
import { registerPlan } from './command.ts'

const PACKAGES = fileURLToPath(new URL('../../../node_modules', import.meta.url))

/** A configuration file whose source `shop` has the event `Ordered`. */
function configOf(properties: string, version = '1-0-0', more = ''): string {
  return `
import { defineConfig, definePlan } from '@millrace/schemas/config'
import { z } from 'zod'

const amount: z.ZodNumber = z.number()
const plan = definePlan({
  ${more}
  events: {
    Ordered: { version: '${version}', owner: 'shop', description: 'An order.', properties: ${properties} },
  },
})
export default defineConfig({ sources: [{ name: 'shop', writeKeys: ['wk'], plan }] })
`
}

const OLD = 'z.object({ total: amount })'

/** A folder with the packages of this workspace, and a git repository when files are given. */
function createProject(committed?: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-plan-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  symlinkSync(PACKAGES, join(folder, 'node_modules'))
  const write = (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, '..'), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
  }
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@t.example', ...args], {
      cwd: folder,
      stdio: 'pipe',
    })
  if (committed !== undefined) {
    write({ '.gitignore': 'node_modules\n.millrace\n', 'package.json': '{"type":"module"}', ...committed })
    git('init', '--quiet', '--initial-branch=main')
    git('add', '.')
    git('commit', '--quiet', '--message=old')
  }
  return { folder, write, git }
}

async function run(folder: string, args: string[], signal?: AbortSignal) {
  const { stream, text } = createSink()
  let exitCode: number | undefined
  const program = new Command().exitOverride().configureOutput({ writeErr() {} })
  const paths = args.map((arg) => (/\.ts$|^out$/.test(arg) ? join(folder, arg) : arg))
  if (!paths.includes('--config')) paths.push('--config', join(folder, 'millrace.config.ts'))
  const world = { args, env: {}, stdin: Readable.from([]), stdout: stream, stderr: stream, signal }
  registerPlan(program, {
    ...world,
    done(code) {
      exitCode = code
    },
  })
  await program.parseAsync(['plan', ...paths], { from: 'user' })
  return { exitCode, stdout: text() }
}

const check = (folder: string, ...args: string[]) => run(folder, ['check', '--against', 'main', ...args])

/** What a check left behind. */
const leftOvers = (folder: string) => {
  const work = join(folder, '.millrace')
  return existsSync(work) ? readdirSync(work) : []
}

describe('millrace plan check', () => {
  test.each([
    ['unchanged', OLD, '1-0-0', [], 0, 'unchanged'],
    ['compatible', 'z.object({ total: amount.nullable() })', '1-0-1', [], 0, 'compatible'],
    [
      'compatible, at the same version',
      'z.object({ total: amount.nullable() })',
      '1-0-0',
      [],
      1,
      'the version must rise',
    ],
    ['breaking', 'z.object({ total: amount.min(0) })', '2-0-0', [], 1, 'older events would be refused'],
    [
      'breaking and allowed',
      'z.object({ total: amount.min(0) })',
      '2-0-0',
      ['--allow-breaking'],
      0,
      'breaking',
    ],
    [
      'breaking and allowed, with a new REVISION',
      'z.object({ total: amount.min(0) })',
      '1-1-0',
      ['--allow-breaking'],
      0,
      'Older events that break were allowed to.',
    ],
    [
      'breaking and allowed, but only a new ADDITION',
      'z.object({ total: amount.min(0) })',
      '1-0-1',
      ['--allow-breaking'],
      1,
      'Refused: older events would be refused: raise REVISION to 1-1-0 or MODEL to 2-0-0.\n',
    ],
    ['undecided', 'z.object({ total: amount.refine((n) => n !== 12345) })', '1-0-1', [], 3, 'a refinement'],
  ])('ends with the code for %s', async (_, properties, version, flags, exitCode, text) => {
    const { folder, write } = createProject({ 'millrace.config.ts': configOf(OLD) })
    write({ 'millrace.config.ts': configOf(properties, version) })
    const result = await check(folder, ...flags)
    expect([result.exitCode, leftOvers(folder)]).toEqual([exitCode, []])
    expect(result.stdout).toContain(text)
  })

  test('shows an event that breaks, and the rule', async () => {
    const { folder, write, git } = createProject({ 'millrace.config.ts': configOf(OLD) })
    write({ 'millrace.config.ts': configOf('z.object({ total: amount.min(0) })', '1-0-1') })
    const { stdout } = await check(folder)
    const id = String(git('rev-parse', 'main')).slice(0, 9)
    expect(stdout).toBe(`Plan of shop, against main (${id})
  ✗ Ordered  breaking    1-0-0 → 1-0-1
      properties.total: Too small: expected number to be >=0, found -1
      This event passed before and would break the plan now:
        {
          "type": "track",
          "event": "Ordered",
          "properties": {
            "total": -1
          }
        }
      Refused: older events would be refused: raise REVISION to 1-1-0 or MODEL to 2-0-0 and give --allow-breaking.

0 fine, 1 refused, 0 undecided. The plan must not change like this.
`)
  })

  test('prints JSON for scripts', async () => {
    const { folder, write } = createProject({ 'millrace.config.ts': configOf(OLD) })
    write({ 'millrace.config.ts': configOf('z.object({ total: z.string() })', '2-0-0') })
    const { stdout } = await check(folder, '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      sources: [
        {
          source: 'shop',
          notes: [],
          entries: [{ event: 'Ordered', result: 'breaking', verdict: 'refused' }],
        },
      ],
      refused: 1,
    })
  })

  test('compares with a file', async () => {
    const { folder, write } = createProject()
    write({
      'millrace.config.ts': configOf(OLD, '1-0-1'),
      'older.ts': configOf('z.object({ total: z.int() })'),
    })
    const { exitCode, stdout } = await run(folder, ['check', '--against', 'older.ts'])
    expect(exitCode).toBe(0)
    expect(stdout).toContain('✓ Ordered  compatible  1-0-0 → 1-0-1')
  })

  test('finds what a configuration imports, in a project that is a part of the repository', async () => {
    const { folder, write } = createProject({
      'site/millrace.config.ts': `export { default } from './plans/shop.ts'`,
      'site/plans/shop.ts': configOf(OLD),
    })
    write({ 'site/plans/shop.ts': configOf('z.object({ total: z.boolean() })', '2-0-0') })
    const { exitCode, stdout } = await check(folder, '--config', 'site/millrace.config.ts')
    expect([exitCode, leftOvers(join(folder, 'site'))]).toEqual([1, []])
    expect(stdout).toContain('✗ Ordered  breaking')
  })

  test('leaves the index and the files of the user alone', async () => {
    const { folder, write, git } = createProject({ 'millrace.config.ts': configOf(OLD), 'other.ts': '1' })
    write({ 'millrace.config.ts': configOf(OLD, '1-0-1'), 'other.ts': '2', 'new.ts': '3' })
    git('add', 'other.ts')
    const before = String(git('status', '--porcelain=v2'))
    await check(folder)
    expect(String(git('status', '--porcelain=v2'))).toBe(before)
  })

  test('takes sources of either side, and tells of the plan as a whole', async () => {
    const { folder, write } = createProject({ 'millrace.config.ts': configOf(OLD) })
    write({
      'millrace.config.ts': configOf(OLD, '1-0-0', `mode: 'enforce',`).replace(
        'sources:',
        `development: { plan: { page: plan.events.Ordered } }, sources:`,
      ),
    })
    const { exitCode, stdout } = await check(folder)
    expect(exitCode).toBe(0)
    expect(stdout).toContain('note: the mode goes from warn to enforce\n')
    expect(stdout).toMatch(/Plan of development, .*\n {2}note: it had no plan before\n {2}✓ page {2}added/)
  })

  test('refuses to remove an event where the plan refuses events without an entry', async () => {
    const { folder, write } = createProject({ 'millrace.config.ts': configOf(OLD) })
    const strict = configOf(OLD, '1-0-0', `mode: 'enforce', refuseUnplanned: true,`).replace(
      'Ordered:',
      'Placed:',
    )
    write({ 'millrace.config.ts': strict })
    const { exitCode, stdout } = await check(folder)
    expect(exitCode).toBe(1)
    expect(stdout).toContain('✗ Ordered  removed')
    const allowed = await check(folder, '--allow-breaking')
    expect(allowed.exitCode).toBe(0)
    expect(allowed.stdout).toContain('Older events that break were allowed to.')
  })

  test('says that there is no plan', async () => {
    const none = 'export default { sources: [] }'
    const { folder } = createProject({ 'millrace.config.ts': none })
    const { exitCode, stdout } = await check(folder)
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^Neither the configuration nor main \(\w{9}\) has a tracking plan\.$/m)
  })

  test.each([
    ['nowhere', {}, 'nowhere is neither a file nor a commit, branch or tag of this repository'],
    ['--output=/tmp/x', {}, '--output=/tmp/x is neither a file'],
    ['', {}, '--against is empty'],
    [
      'main',
      { 'millrace.config.ts': 'export const sources = []' },
      'must export its configuration by default',
    ],
    ['main', { 'millrace.config.ts': 'throw new Error("no luck")' }, 'millrace.config.ts: no luck'],
  ])('tells what is wrong with %s and %j', async (against, files, message) => {
    const { folder, write } = createProject({ 'millrace.config.ts': configOf(OLD) })
    write(files)
    const failing = run(folder, ['check', `--against=${against}`])
    await expect(failing).rejects.toThrow(UsageError)
    await expect(failing).rejects.toThrow(message)
    expect(leftOvers(folder)).toEqual([])
  })

  test.each([
    [{ 'readme.md': '' }, 'main has no'],
    [{ 'millrace.config.ts': 'throw new Error("no luck")' }, 'of main: no luck'],
  ])('tells what is wrong with the older version %j, and cleans up', async (committed, message) => {
    const { folder, write } = createProject(committed)
    write({ 'millrace.config.ts': configOf(OLD) })
    const failing = check(folder)
    await expect(failing).rejects.toThrow(UsageError)
    await expect(failing).rejects.toThrow(message)
    expect(leftOvers(folder)).toEqual([])
  })

  test('tells that a folder is in no repository', async () => {
    const { folder, write } = createProject()
    write({ 'millrace.config.ts': configOf(OLD) })
    await expect(check(folder)).rejects.toThrow('is in no git repository, and main is no file')
  })

  test('tells that git is not installed', async () => {
    const { folder } = createProject({ 'millrace.config.ts': configOf(OLD) })
    vi.stubEnv('PATH', join(folder, 'nothing'))
    onTestFinished(() => void vi.unstubAllEnvs())
    await expect(check(folder)).rejects.toThrow(
      'git is needed to compare with a commit, and it is not installed',
    )
  })

  test('ends as interrupted, and cleans up', async () => {
    const { folder } = createProject({ 'millrace.config.ts': configOf(OLD) })
    const result = await run(folder, ['check', '--against', 'main'], AbortSignal.abort())
    expect([result.exitCode, result.stdout, leftOvers(folder)]).toEqual([130, '', []])
  })
})

describe('millrace plan export', () => {
  const project = () => {
    const created = createProject()
    created.write({ 'millrace.config.ts': configOf(`z.object({ total: amount.describe('Sum.') })`) })
    return created.folder
  }

  test('writes a folder with both formats', async () => {
    const folder = project()
    const { exitCode, stdout } = await run(folder, ['export', '--out', 'out'])
    expect([exitCode, stdout]).toEqual([0, `2 files written to ${join(folder, 'out')}\n`])
    expect(readFileSync(join(folder, 'out/shop/data-dictionary.md'), 'utf8')).toContain(
      '| `total` | number | yes |',
    )
    expect(
      JSON.parse(readFileSync(join(folder, 'out/shop/track/ordered.schema.json'), 'utf8')),
    ).toMatchObject({
      title: 'Ordered',
      'x-version': '1-0-0',
    })
  })

  test('prints one format', async () => {
    const folder = project()
    const markdown = await run(folder, ['export', '--format', 'markdown', '--source', 'shop'])
    expect(markdown.stdout).toMatch(/^# Data dictionary of shop\n/)
    const json = await run(folder, ['export', '--format', 'json'])
    expect(JSON.parse(json.stdout)).toMatchObject([{ title: 'Ordered' }])
  })

  test.each([
    [[], 'two formats need a folder'],
    [['--format', 'json', '--source', 'blog'], 'has no plan for a source blog; it has plans for shop'],
  ])('tells what is wrong with %j', async (flags, message) => {
    await expect(run(project(), ['export', ...flags])).rejects.toThrow(message)
  })

  test('tells that its folder cannot be written', async () => {
    const folder = project()
    const failing = run(folder, ['export', '--out', 'millrace.config.ts'])
    await expect(failing).rejects.toThrow(UsageError)
    await expect(failing).rejects.toThrow(/^cannot write .*data-dictionary\.md: ENOTDIR/)
  })

  test('asks for a source where there are two', async () => {
    const { folder, write } = createProject()
    write({ 'millrace.config.ts': configOf(OLD).replace('sources:', 'development: { plan }, sources:') })
    await expect(run(folder, ['export', '--format', 'json'])).rejects.toThrow(
      '--source is needed, one of shop, development',
    )
  })

  test('asks for a plan', async () => {
    const { folder, write } = createProject()
    write({ 'millrace.config.ts': 'export default { sources: [] }' })
    await expect(run(folder, ['export', '--out', 'out'])).rejects.toThrow('has no tracking plan')
  })
})
