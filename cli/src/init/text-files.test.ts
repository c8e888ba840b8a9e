import { parseEnv } from 'node:util'
import { describe, expect, it } from 'vitest'
import { fakeProject } from './fake-project.ts'
import {
  GITIGNORE,
  mergeDevVars,
  mergeGitignore,
  writeDevVars,
  writeDevVarsExample,
  writeReadme,
  writeScriptTag,
} from './text-files.ts'
import { createWriteKey, findWriteKey } from './write-key.ts'

describe('.dev.vars.example', () => {
  it('names every secret, each below what it is for, and has no value', () => {
    const text = writeDevVarsExample(fakeProject({ source: 'shop-eu' }))
    expect(parseEnv(text)).toEqual({
      CLICKHOUSE_PASSWORD: '',
      SHOP_EU_SECRET_KEY: '',
      SHOP_EU_READ_TOKEN: '',
    })
    expect(text).toContain('# Password of ClickHouse of the user millrace.\nCLICKHOUSE_PASSWORD=')
  })

  it.each([
    [true, '.dev.vars.production or .dev.vars.staging'],
    [false, '.dev.vars.production,'],
  ])('names the files of the environments (staging: %s)', (staging, files) => {
    expect(writeDevVarsExample(fakeProject({ staging }))).toContain(files)
  })
})

describe('.dev.vars', () => {
  const project = fakeProject({ source: 'shop-eu' })
  const MADE = { SHOP_EU_SECRET_KEY: 'test-secret', SHOP_EU_READ_TOKEN: 'test-read' }

  it('has the secrets of the source, and no password', () => {
    expect(parseEnv(writeDevVars(project))).toEqual(MADE)
  })

  it.each([
    ['', MADE],
    ['OTHER=1', { OTHER: '1', ...MADE }],
    ["export SHOP_EU_READ_TOKEN='mine'\n", { ...MADE, SHOP_EU_READ_TOKEN: 'mine' }],
    ['SHOP_EU_SECRET_KEY=""\r\n', { ...MADE, SHOP_EU_SECRET_KEY: '' }],
  ])('%j gets the secrets that it lacks, and keeps its own', (existing, merged) => {
    const text = mergeDevVars(existing, project)
    expect(text.startsWith(existing)).toBe(true)
    expect(parseEnv(text)).toEqual(merged)
    expect(mergeDevVars(text, { ...project, devSecrets: { secretKey: 'x', readToken: 'y' } })).toBe(text)
  })
})

it('a .dev.vars with a quote that does not end is not added to', () => {
  expect(() => mergeDevVars('A="x\nB=1\n', fakeProject())).toThrow('has a quote that does not end')
})

describe('.gitignore', () => {
  it.each([
    ['', GITIGNORE],
    ['dist/', `dist/\n${GITIGNORE}`],
    [
      'node_modules\n.dev.vars\n',
      'node_modules\n.dev.vars\n.dev.vars.*\n!.dev.vars.example\n.millrace/\n.wrangler/\n',
    ],
    [GITIGNORE, GITIGNORE],
    [`# ours\r\n${GITIGNORE.replaceAll('\n', '\r\n')}`, `# ours\r\n${GITIGNORE.replaceAll('\n', '\r\n')}`],
  ])('%j gets the lines that it lacks', (existing, merged) => {
    expect(mergeGitignore(existing)).toBe(merged)
  })
})

describe('the line for pages', () => {
  it.each([
    ['events.shop.example', 'https://events.shop.example/millrace.js'],
    [null, 'https://shop.YOUR-ACCOUNT.workers.dev/millrace.js'],
  ])('of the domain %s has the address %s', (domain, address) => {
    const tag = writeScriptTag(fakeProject({ domain }))
    expect(tag).toBe(`<script async src="${address}" data-write-key="wk_test" data-auto-page></script>`)
    expect(writeReadme(fakeProject({ domain }))).toContain(tag)
  })
})

it.each([
  [{}, true, false],
  [{ staging: false, clickhouse: null }, false, true],
])(
  'the README speaks of staging and of ClickHouse only where it has to (%j)',
  (changes, staging, clickhouse) => {
    const text = writeReadme(fakeProject(changes))
    expect([text.includes('--env staging'), text.includes('Before the first deployment')]).toEqual([
      staging,
      clickhouse,
    ])
  },
)

describe('a write key', () => {
  it('is wk_ and twenty letters and digits, every one of which can be', () => {
    expect(createWriteKey()).toMatch(/^wk_[A-Za-z0-9]{20}$/)
    expect(createWriteKey()).not.toBe(createWriteKey())
    expect(createWriteKey((below) => below - 1)).toBe(`wk_${'9'.repeat(20)}`)
    expect(createWriteKey(() => 0)).toBe(`wk_${'A'.repeat(20)}`)
  })

  it.each([
    ["writeKeys: ['wk_one', 'wk_two'],", 'wk_one'],
    ['writeKeys:["own-key"]', 'own-key'],
    ['writeKeys: keys', undefined],
    ["writeKeys: ['it\\'s']", undefined],
    ['', undefined],
  ])('is found in %j: %s', (config, key) => {
    expect(findWriteKey(config)).toBe(key)
  })
})
