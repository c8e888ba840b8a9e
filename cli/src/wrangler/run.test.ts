/** Over programs that stand where a project's wrangler would. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { NOT_INSTALLED, type RunOptions, runWrangler } from './run.ts'

const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

/** A project whose wrangler is that program; it is run in a folder below. */
async function projectWith(program: string | undefined): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-run-'))
  folders.push(folder)
  const bin = join(folder, 'node_modules/wrangler/bin')
  await mkdir(bin, { recursive: true })
  await mkdir(join(folder, 'below'))
  if (program !== undefined) await writeFile(join(bin, 'wrangler.js'), program)
  return join(folder, 'below')
}

const run = async (
  program: string | undefined,
  options: Partial<RunOptions> = {},
  args: string[] = ['whoami'],
) => runWrangler(args, { cwd: await projectWith(program), ...options })

describe('runWrangler', () => {
  it('runs the one of the project, with its arguments, input and variables, and gives both streams', async () => {
    const program = `
let text = ''
process.stdin.on('data', (chunk) => (text += chunk)).on('end', () => {
  console.log(JSON.stringify([process.argv.slice(2), text, process.env.OWN, process.env.CI, process.env.WRANGLER_LOG]))
  console.error('\\u001b[31ma remark\\u001b[0m')
  process.exitCode = 3
})`
    const lines: string[] = []
    const result = await run(
      program,
      { stdin: 'in', env: { OWN: '1' }, onLine: (line) => lines.push(line) },
      ['a', 'b c'],
    )
    expect(result).toEqual({ code: 3, stdout: '[["a","b c"],"in","1","1","log"]\n', stderr: 'a remark\n' })
    expect(lines.sort()).toEqual(['[["a","b c"],"in","1","1","log"]', 'a remark'])
  })

  it('says so where there is none', async () => {
    expect(await run(undefined)).toEqual({ code: undefined, stdout: '', stderr: NOT_INSTALLED })
  })

  it('ends one that hangs, and says that it did not end', async () => {
    expect(await run('setInterval(() => {}, 1000)', { timeoutMs: 300 })).toEqual({
      ...{ code: undefined, stdout: '' },
      stderr: 'wrangler did not end within 0.3 s',
    })
  })

  it('ends it when it is interrupted', async () => {
    const result = await run('setInterval(() => {}, 1000)', { signal: AbortSignal.timeout(300) })
    expect(result).toEqual({ code: undefined, stdout: '', stderr: 'interrupted' })
    expect(await run('console.log(1)', { signal: AbortSignal.abort() })).toMatchObject({
      code: undefined,
      stderr: 'interrupted',
    })
  })

  it('does not mind one that does not read its input', async () => {
    expect(await run('process.exit(0)', { stdin: 'x'.repeat(1_000_000) })).toMatchObject({ code: 0 })
  })
})
