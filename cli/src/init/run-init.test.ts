import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../command-world.ts'
import { type FakeAnswer, fakePrompts, temporaryFolder } from './fake-project.ts'
import { InitFailure } from './folder.ts'
import { PROJECT_FILE_NAMES } from './project-files.ts'
import { Interrupted } from './questions.ts'
import { type FileOutcome, formatReport } from './report.ts'
import { type InitEffects, type InitOptions, runInit } from './run-init.ts'

const MACHINE_NODE = { path: '/usr/bin/node', version: '24.21.0' }

/** A working folder and the command in it, which writes into its folder `shop`. */
async function setUp() {
  const workingFolder = await temporaryFolder()
  const path = join(workingFolder, 'shop')
  let keys = 0
  const init = (
    options: Partial<InitOptions> = {},
    { answers, ...effects }: Partial<InitEffects> & { answers?: readonly FakeAnswer[] } = {},
  ) =>
    runInit(
      { folder: 'shop', source: 'web', given: {}, isYes: answers === undefined, isForced: false, ...options },
      {
        prompts: answers === undefined ? undefined : fakePrompts(answers),
        versions: { millrace: '0.1.0', zod: '4.6.7' },
        node: MACHINE_NODE,
        workingFolder,
        createKey: () => `wk_made${++keys}`,
        ...effects,
      },
    )
  const read = (name: string) => readFile(join(path, name), 'utf8')
  return { workingFolder, path, init, read }
}

function outcomesOf(files: readonly FileOutcome[]) {
  return Object.fromEntries(files.map(({ name, outcome }) => [name, outcome]))
}

describe('millrace init in an empty place', () => {
  it('makes the folder and all files, named by it', async () => {
    const { path, init, read } = await setUp()
    const { report, isWhole } = await init()
    expect(isWhole).toBe(true)
    expect((await readdir(path)).sort()).toEqual([...PROJECT_FILE_NAMES].sort())
    expect(new Set(Object.values(outcomesOf(report.files)))).toEqual(new Set(['created']))
    expect(await read('wrangler.toml')).toContain('name = "shop"')
    expect(await read('millrace.config.ts')).toContain("writeKeys: ['wk_made1']")
  })

  it('takes a flag before what is suggested, and a source', async () => {
    const { init, read } = await setUp()
    await init({
      source: 'store',
      given: { name: 'other', sites: ['https://shop.example'], domain: 'e.shop.example' },
    })
    expect(await read('wrangler.toml')).toContain('name = "other-staging"')
    const config = await read('millrace.config.ts')
    expect(config).toContain("allowedOrigins: ['https://shop.example']")
    expect(config).toContain("identity: { kind: 'cookie' },\n      // What")
    expect(config).toContain("secretKeyVar: 'STORE_SECRET_KEY'")
  })

  it('takes what is answered', async () => {
    const { init, read } = await setUp()
    await init({}, { answers: ['store', 'shop.example', '', 'https://db.example:8443', '', false] })
    const bindings = await read('wrangler.toml')
    expect(bindings).toContain('name = "store"')
    expect(bindings).toContain('CLICKHOUSE_URL = "https://db.example:8443"')
    expect(bindings).not.toContain('[env.')
  })

  it.each([
    ['/home/me/.npm/_npx/1/node_modules/node/bin/node', '22.18.0'],
    ['C:\\npx\\node_modules\\node\\bin\\node.exe', '22.18.0'],
    ['/usr/bin/node', undefined],
    ['/opt/node/bin/node', undefined],
  ])('brings Node along where npm brought it: %s', async (path, version) => {
    const { init, read } = await setUp()
    await init({}, { node: { path, version: '22.18.0' } })
    expect(JSON.parse(await read('package.json')).devDependencies.node).toBe(version)
  })

  it('knows the way to the clone that it is made from, through links too, and writes it into no file', async () => {
    const { workingFolder, path, init, read } = await setUp()
    expect((await init()).report.clone).toBeUndefined()
    await mkdir(join(workingFolder, 'clone'))
    await mkdir(join(workingFolder, 'far/away'), { recursive: true })
    await symlink(workingFolder, join(workingFolder, 'far/away/link'))
    const clone = join(workingFolder, 'clone')
    const { report } = await init({ folder: 'far/away/link/shop' }, { clone })
    expect(report.clone).toBe(join('..', 'clone'))
    for (const name of await readdir(path)) expect(await read(name)).not.toContain('clone/cli')
  })

  it('writes nothing when the person goes away', async () => {
    const { workingFolder, init } = await setUp()
    await expect(init({}, { answers: ['', '', 'leave'] })).rejects.toThrow(Interrupted)
    expect(await readdir(workingFolder)).toEqual([])
  })

  it('writes nothing when a signal comes before the files have their names', async () => {
    const { workingFolder, init } = await setUp()
    await expect(init({}, { signal: AbortSignal.abort() })).rejects.toThrow(Interrupted)
    expect(await readdir(workingFolder)).toEqual([])
  })
})

describe('the secrets of this machine', () => {
  const secretsIn = (text: string) => [...text.matchAll(/^WEB_\w+="(.*)"$/gm)].map(([, value]) => value)

  it('are made at random, and only their owner may read them', async () => {
    const { path, init, read } = await setUp()
    await init()
    const secrets = secretsIn(await read('.dev.vars'))
    expect(secrets).toEqual([expect.stringMatching(/^[\w-]{43}$/), expect.stringMatching(/^[\w-]{43}$/)])
    expect(new Set(secrets).size).toBe(2)
    expect((await stat(join(path, '.dev.vars'))).mode & 0o777).toBe(0o600)
  })

  it('are not written through a link, which is left as it is', async () => {
    const { path, init, read } = await setUp()
    await mkdir(path)
    await writeFile(join(path, 'shared.vars'), 'OURS=1\n')
    await symlink('shared.vars', join(path, '.dev.vars'))
    const { report, isWhole } = await init()
    expect([outcomesOf(report.files)['.dev.vars'], isWhole]).toEqual(['left', true])
    expect(formatReport(report)).toContain('.dev.vars (no plain file of text')
    expect(await read('shared.vars')).toBe('OURS=1\n')
  })

  it('stay when it is made again, even by force', async () => {
    const { init, read } = await setUp()
    await init()
    const before = await read('.dev.vars')
    const { report } = await init({ isForced: true })
    expect(outcomesOf(report.files)['.dev.vars']).toBe('unchanged')
    expect(await read('.dev.vars')).toBe(before)
  })
})

describe('without anybody to ask', () => {
  it('names the flags that are missing, and writes nothing', async () => {
    const { workingFolder, init } = await setUp()
    const made = init({ isYes: false, given: { name: 'shop', domain: null } })
    await expect(made).rejects.toThrow(
      'give --site or --no-site, --clickhouse-url or --no-clickhouse-url, --staging or --no-staging; or --yes',
    )
    await expect(made).rejects.toThrow(UsageError)
    expect(await readdir(workingFolder)).toEqual([])
  })

  it('needs no --yes where flags tell everything', async () => {
    const { init, read } = await setUp()
    const given = { name: 'shop', sites: [], domain: null, clickhouse: null, staging: false }
    expect(await init({ isYes: false, given })).toMatchObject({ isWhole: true })
    expect(await read('wrangler.toml')).not.toContain('[env.')
  })

  it.each([
    [
      { sites: ['https://shop.example'], domain: 'shop.example' },
      '--domain must not be the address of the site',
    ],
    [{ clickhouseUser: 'me' }, '--clickhouse-user needs --clickhouse-url'],
    [{ clickhouseUser: 'me', clickhouse: null }, '--clickhouse-user needs --clickhouse-url'],
  ])('refuses flags that do not fit each other: %j', async (given, message) => {
    await expect((await setUp()).init({ given })).rejects.toThrow(message)
  })
})

describe('a second time', () => {
  it('leaves everything as it is, with the write key that pages carry already', async () => {
    const { init, read } = await setUp()
    await init()
    const before = await Promise.all(PROJECT_FILE_NAMES.map(read))
    const { report, isWhole } = await init()
    expect(new Set(Object.values(outcomesOf(report.files)))).toEqual(new Set(['unchanged']))
    expect([isWhole, report.project.writeKey]).toEqual([true, 'wk_made1'])
    expect(await Promise.all(PROJECT_FILE_NAMES.map(read))).toEqual(before)
  })

  it.each([
    [false, 'kept', 'theirs'],
    [true, 'overwritten', expect.stringContaining('definePlan')],
  ])(
    'without anybody to ask keeps a file that differs, unless it is forced (%s)',
    async (isForced, outcome, text) => {
      const { path, init, read } = await setUp()
      await init()
      await writeFile(join(path, 'plan.ts'), 'theirs')
      const { report, isWhole } = await init({ isForced })
      expect([outcomesOf(report.files)['plan.ts'], isWhole]).toEqual([outcome, isForced])
      expect(await read('plan.ts')).toEqual(text)
    },
  )

  it('asks for each file that differs, one by one', async () => {
    const { path, init, read } = await setUp()
    await init()
    for (const name of ['plan.ts', 'worker.ts', 'README.md']) await writeFile(join(path, name), 'theirs')
    const choices: FakeAnswer[] = [{ choose: 'beside' }, { choose: 'keep' }, { choose: 'overwrite' }]
    const { report, isWhole } = await init({}, { answers: ['', '', '', '', '', ...choices] })
    expect(outcomesOf(report.files)).toMatchObject({
      'plan.ts': 'beside',
      'worker.ts': 'kept',
      'README.md': 'overwritten',
    })
    expect(isWhole).toBe(true)
    expect([await read('plan.ts'), await read('worker.ts')]).toEqual(['theirs', 'theirs'])
    expect(await read('plan.ts.new')).toContain('definePlan')
    expect(await read('README.md')).toContain('# shop')
  })

  it('writes nothing when the person goes away over one of them', async () => {
    const { path, init, read } = await setUp()
    await mkdir(path)
    await writeFile(join(path, 'README.md'), 'theirs')
    await expect(init({}, { answers: ['', '', '', '', '', 'leave'] })).rejects.toThrow(Interrupted)
    expect([await readdir(path), await read('README.md')]).toEqual([['README.md'], 'theirs'])
  })

  it('writes beside what lies beside already, and not twice', async () => {
    const { path, init, read } = await setUp()
    await init()
    await writeFile(join(path, 'plan.ts'), 'theirs')
    await writeFile(join(path, 'plan.ts.new'), 'theirs too')
    const answers: FakeAnswer[] = ['', '', '', '', '', { choose: 'beside' }]
    await init({}, { answers })
    await init({}, { answers })
    expect(await read('plan.ts.new')).toBe('theirs too')
    expect(await read('plan.ts.new-2')).toContain('definePlan')
    expect((await readdir(path)).filter((name) => name.startsWith('plan'))).toHaveLength(3)
  })
})

describe('beside what is there', () => {
  it('adds to package.json and .gitignore without a question', async () => {
    const { path, init, read } = await setUp()
    await mkdir(path)
    await writeFile(join(path, 'package.json'), '{ "name": "theirs", "scripts": { "dev": "vite" } }')
    await writeFile(join(path, '.gitignore'), 'dist/\n')
    const { report, isWhole } = await init()
    expect(outcomesOf(report.files)).toMatchObject({ 'package.json': 'added to', '.gitignore': 'added to' })
    expect(isWhole).toBe(true)
    expect(JSON.parse(report.packageJson)).toMatchObject({
      name: 'theirs',
      scripts: { dev: 'vite', doctor: 'millrace doctor' },
    })
    expect(await read('package.json')).toBe(report.packageJson)
    expect(await read('.gitignore')).toMatch(/^dist\/\n[\s\S]*\.dev\.vars\n/)
  })

  it.each([
    [
      'a folder in the place of a file',
      (path: string) => mkdir(join(path, 'README.md')),
      /README\.md is a folder/,
    ],
    ['no JSON', (path: string) => writeFile(join(path, 'package.json'), '{'), /package\.json is not JSON/],
  ])('fails at %s before anything is written', async (_, make, message) => {
    const { path, init } = await setUp()
    await mkdir(path)
    await make(path)
    const before = await readdir(path)
    const made = init()
    await expect(made).rejects.toThrow(InitFailure)
    await expect(made).rejects.toThrow(message)
    expect(await readdir(path)).toEqual(before)
  })
})
