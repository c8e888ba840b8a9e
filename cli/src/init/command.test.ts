import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createSink } from '../fakes.ts'
import { runProgram } from '../program.ts'
import { temporaryFolder } from './fake-project.ts'

/** Runs `millrace init` where nobody can be asked; `%` in an argument is the folder. */
async function run(args: string[], signal?: AbortSignal) {
  const folder = join(await temporaryFolder(), 'shop')
  const stdout = createSink()
  const stderr = createSink()
  const again = async (more: string[]) => {
    const typed = more.map((argument) => argument.replace('%', folder))
    const streams = { stdin: Readable.from([]), stdout: stdout.stream, stderr: stderr.stream }
    return runProgram({ args: ['init', ...typed], env: {}, ...streams, signal })
  }
  const read = (name: string) => readFile(join(folder, name), 'utf8')
  return { exitCode: await again(args), stdout: stdout.text, stderr: stderr.text, again, read, folder }
}

const ALL = ['--name', 'store', '--no-site', '--no-domain', '--no-clickhouse-url', '--no-staging']

describe('millrace init', () => {
  it('makes a project of what is suggested', async () => {
    const { exitCode, stdout, stderr, read } = await run(['%', '--yes'])
    expect([exitCode, stderr()]).toEqual([0, ''])
    expect(stdout()).toMatch(/^.*shop:\n {2}created {2}millrace\.config\.ts\n/)
    expect(await read('wrangler.toml')).toContain('[env.staging]\nname = "shop-staging"')
    expect(await read('millrace.config.ts')).toMatch(/writeKeys: \['wk_[A-Za-z0-9]{20}'\]/)
    expect(stdout()).toMatch(/\n {2}npm install --install-links \S+\/cli \S+\/sdk-node\n/)
    expect(await read('README.md')).toContain('\nnpm install\n')
    const { dependencies } = JSON.parse(await read('package.json'))
    const own = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(dependencies).toEqual({ millrace: `^${own.version}`, zod: own.dependencies.zod })
  })

  it('takes flags for every question, and then needs no --yes', async () => {
    expect((await run(['%', ...ALL])).exitCode).toBe(0)
    const flags = ['--name', 'store', '--site', 'https://a.example', '--site', 'https://b.example,c.example']
    const more = [
      '--domain',
      'e.a.example',
      '--clickhouse-url',
      'https://db.example',
      '--clickhouse-user',
      'me',
    ]
    const { exitCode, read } = await run(['%', ...flags, ...more, '--staging', '--source', 'main'])
    expect(exitCode).toBe(0)
    const config = await read('millrace.config.ts')
    expect(config).toContain(
      "allowedOrigins: ['https://a.example', 'https://b.example', 'https://c.example']",
    )
    expect(config).toContain("readTokenVar: 'MAIN_READ_TOKEN'")
    const bindings = await read('wrangler.toml')
    for (const text of ['"store"', '"store-staging"', '"e.a.example"', '"https://db.example"', '"me"'])
      expect(bindings).toContain(text)
  })

  it('takes the later of two flags that say the opposite', async () => {
    const { read } = await run([
      '%',
      '--yes',
      '--no-site',
      '--site',
      'a.example',
      '--staging',
      '--no-staging',
    ])
    expect(await read('millrace.config.ts')).toContain("allowedOrigins: ['https://a.example']")
    expect(await read('wrangler.toml')).not.toContain('[env.')
  })

  it('ends with 3 when a file was kept, and with 0 when it was forced', async () => {
    const { again, stderr, read, folder } = await run(['%', '--yes'])
    await writeFile(join(folder, 'plan.ts'), 'theirs')
    expect(await again(['%', '--yes'])).toBe(3)
    expect(stderr()).toBe('millrace: files that differ were kept; --force overwrites them\n')
    expect(await read('plan.ts')).toBe('theirs')
    expect(await again(['%', '--yes', '--force'])).toBe(0)
    expect(await read('plan.ts')).toContain('definePlan')
  })

  it('ends with 1 in one line when something is in the way', async () => {
    const { again, stderr, folder } = await run(['%', '--yes'])
    await mkdir(join(folder, 'b/README.md'), { recursive: true })
    expect(await again(['%/b', '--yes'])).toBe(1)
    expect(stderr()).toMatch(/^millrace: cannot|^millrace: .*README\.md is a folder.*\n$/)
  })

  it('ends with 130 when it is interrupted', async () => {
    const { exitCode, stderr, read } = await run(['%', '--yes'], AbortSignal.abort())
    expect([exitCode, stderr()]).toEqual([130, '\nmillrace: interrupted; nothing was written\n'])
    await expect(read('plan.ts')).rejects.toThrow('ENOENT')
  })

  it.each([
    [['%'], 'nobody can be asked here: give --name, --site or --no-site'],
    [[''], 'the folder must have a name'],
    [['%', '--yes', '--name', 'My Shop'], '--name must be 1 to 48 of'],
    [['%', '--yes', '--site', 'localhost:3000'], '--site must be origins such as'],
    [['%', '--yes', '--site', ''], '--site must not be empty; --no-site means any'],
    [['%', '--yes', '--domain', ''], '--domain must not be empty; --no-domain means none'],
    [['%', '--yes', '--domain', 'here'], '--domain must be a host'],
    [
      ['%', '--yes', '--clickhouse-url', ''],
      '--clickhouse-url must not be empty; --no-clickhouse-url means none',
    ],
    [
      ['%', '--yes', '--clickhouse-url', 'https://a:b@c.example'],
      '--clickhouse-url must hold neither user nor password',
    ],
    [['%', '--yes', '--clickhouse-user', 'a b'], '--clickhouse-user must be ASCII'],
    [['%', '--yes', '--source', 'dev'], '--source must not be "dev"'],
    [['%', 'more', '--yes'], 'too many arguments'],
  ])('explains wrong usage, ends with 2 and writes nothing: %j', async (args, message) => {
    const { exitCode, stderr, read } = await run(args)
    expect([exitCode, stderr()]).toEqual([2, expect.stringContaining(message)])
    await expect(read('package.json')).rejects.toThrow('ENOENT')
  })
})
