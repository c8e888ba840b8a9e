import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { describe, expect, it, onTestFinished } from 'vitest'
import { UsageError } from './command-world.ts'
import { fillDevSecrets } from './dev-secrets.ts'

const CONFIG = `export default {
  sources: [
    { name: 'shop', secretKeyVar: 'SHOP_KEY', readTokenVar: 'OUR_TOKEN' },
    { name: 'bare' },
  ],
}`

const SECRETS = 'SHOP_KEY="made-secret"\nOUR_TOKEN=made-token\nWEB_READ_TOKEN=stranger\n'

const SHOP = ['--source', 'shop']

interface Asked {
  args: string[]
  env?: Record<string, string>
  files?: Record<string, string>
}

/** What the options are, of a command that takes both secrets. */
async function fill({ args, env = {}, files }: Asked): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-dev-secrets-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const present = files ?? { '.dev.vars': SECRETS, 'millrace.config.ts': CONFIG }
  for (const [name, text] of Object.entries(present)) await writeFile(join(folder, name), text)
  const command = new Command()
    .option('--source <name>')
    .option('--endpoint <url>', '', 'http://127.0.0.1:8787')
    .option('--secret-key <key>')
    .option('--read-token <token>')
    .option('--dry-run')
    .action(() => {})
    .hook('preAction', (_program, action) => fillDevSecrets(action, env, folder))
  await command.parseAsync(args, { from: 'user' })
  return command.opts()
}

describe('the secrets of a source on this machine', () => {
  it('are those that the configuration names, as .dev.vars has them', async () => {
    expect(await fill({ args: SHOP })).toMatchObject({ secretKey: 'made-secret', readToken: 'made-token' })
  })

  it.each<[string, Asked, Record<string, unknown>]>([
    [
      'an option',
      { args: [...SHOP, '--read-token', 'typed'] },
      { secretKey: 'made-secret', readToken: 'typed' },
    ],
    ['the environment', { args: SHOP, env: { MILLRACE_SECRET_KEY: 'set' } }, { readToken: 'made-token' }],
    [
      'the environment under its own name, which `millrace dev` takes too,',
      { args: SHOP, env: { OUR_TOKEN: 'ours' } },
      { secretKey: 'made-secret', readToken: 'ours' },
    ],
  ])('leave what %s has', async (_, asked, expected) => {
    const { source, endpoint, ...secrets } = await fill(asked)
    expect(secrets).toEqual(expected)
  })

  it.each<[string, Asked]>([
    ['collector elsewhere', { args: [...SHOP, '--endpoint', 'https://events.example.com'] }],
    ['collector whose address is none', { args: [...SHOP, '--endpoint', 'nowhere'] }],
    ['development source', { args: ['--source', 'dev'] }],
    ['source without secrets', { args: ['--source', 'bare'] }],
    ['command without a source', { args: [] }],
    ['folder without .dev.vars', { args: SHOP, files: { 'millrace.config.ts': CONFIG } }],
    ['source that is nowhere', { args: ['--source', 'web'], files: { 'millrace.config.ts': CONFIG } }],
    ['folder without a configuration', { args: SHOP, files: { '.dev.vars': SECRETS } }],
    [
      'file with empty secrets',
      { args: SHOP, files: { '.dev.vars': 'SHOP_KEY=""\n', 'millrace.config.ts': CONFIG } },
    ],
  ])('are not taken for a %s', async (_, asked) => {
    expect(Object.keys(await fill(asked)).sort()).toEqual(
      asked.args.length > 0 ? ['endpoint', 'source'] : ['endpoint'],
    )
  })

  it('say which sources there are, when that one is none of them', async () => {
    const filled = fill({ args: ['--source', 'shopp'] })
    await expect(filled).rejects.toThrow(UsageError)
    await expect(filled).rejects.toThrow('has no source shopp; it has shop, bare, and on this machine dev')
  })

  it('are not needed for a dry run, whose configuration may be broken', async () => {
    const files = { '.dev.vars': SECRETS, 'millrace.config.ts': 'throw new Error("no comma")' }
    expect(Object.keys(await fill({ args: [...SHOP, '--dry-run'], files }))).not.toContain('readToken')
  })

  it('say that the configuration cannot be loaded', async () => {
    const files = { '.dev.vars': SECRETS, 'millrace.config.ts': 'throw new Error("no comma")' }
    const filled = fill({ args: SHOP, files })
    await expect(filled).rejects.toThrow(UsageError)
    await expect(filled).rejects.toThrow('cannot load millrace.config.ts: no comma')
  })
})
