import { describe, expect, it } from 'vitest'
import { listMissing, listOptional, listWanted, readSecrets } from './secrets.ts'

const CONFIG = {
  sources: [
    { name: 'web', writeKeys: ['k'], secretKeyVar: 'WEB_SECRET_KEY', readTokenVar: 'WEB_READ_TOKEN' },
  ],
  webhooks: [{ name: 'ops', urlVar: 'OPS_URL', secretVar: 'OPS_SECRET' }],
  development: { pii: [{ path: 'traits.email', action: 'hash', secretVar: 'DEV_SALT' }] },
} as unknown as Parameters<typeof listWanted>[0]

describe('listWanted', () => {
  it('names what the deployed Worker reads, each once, and makes only keys of sources', () => {
    const wanted = listWanted(CONFIG, { secrets: { required: ['CLICKHOUSE_PASSWORD', 'EXTRA'] } })
    expect(wanted.map(({ name, canMake }) => [name, canMake])).toEqual([
      ['CLICKHOUSE_PASSWORD', false],
      ['EXTRA', false],
      ['WEB_SECRET_KEY', true],
      ['WEB_READ_TOKEN', true],
      ['OPS_URL', false],
      ['OPS_SECRET', false],
    ])
  })

  it('takes along the token of the metrics where it has its usual name', () => {
    expect(listOptional(CONFIG)).toEqual(['METRICS_TOKEN'])
    expect(listOptional({ sources: [], metrics: { tokenVar: 'OWN' } })).toEqual([])
  })
})

describe('readSecrets', () => {
  const places = {
    env: { A: 'of-env' },
    secretsFile: undefined,
    wrangler: 'project/wrangler.toml',
    environment: undefined,
  }
  const files: Record<string, string> = {
    'project/.dev.vars': 'A=dev\nB=dev\nC=dev',
    'project/.dev.vars.production': 'A=file\nB="with $sign and # inside"\n',
    'own.env': 'B=own\n',
  }
  const read = async (path: string) => files[path]

  it('takes the environment before the file of production, and never that of development', async () => {
    expect([...(await readSecrets(['A', 'B', 'C'], places, read))]).toEqual([
      ['A', 'of-env'],
      ['B', 'with $sign and # inside'],
    ])
  })

  it('takes the file that was typed, which has to be there', async () => {
    expect([...(await readSecrets(['B'], { ...places, secretsFile: 'own.env' }, read))]).toEqual([
      ['B', 'own'],
    ])
    await expect(readSecrets(['B'], { ...places, secretsFile: 'none.env' }, read)).rejects.toThrow(
      'there is no file none.env',
    )
  })
})

describe('listMissing', () => {
  it('is what neither the Worker nor this machine has', () => {
    const wanted = ['A', 'B', 'C'].map((name) => ({ name, path: '', canMake: false }))
    expect(
      listMissing({ wanted, set: new Set(['A']), here: new Set(['B']) }).map(({ name }) => name),
    ).toEqual(['C'])
  })
})
