import { describe, expect, it } from 'vitest'
import type { WranglerConfig } from '../doctor/wrangler-config.ts'
import type { DeployOptions } from './effects.ts'
import { findAccess } from './warehouse-place.ts'

const BINDINGS: WranglerConfig = {
  vars: {
    CLICKHOUSE_URL: 'https://db.example:8443',
    CLICKHOUSE_USER: 'worker',
    CLICKHOUSE_DATABASE: 'millrace',
  },
}

/** What is found, and what was asked; the file of secrets is that of production. */
async function find(otherwise: Partial<DeployOptions>, { typed = '', file = '' } = {}) {
  const asked: string[] = []
  const options: DeployOptions = {
    ...{ config: 'millrace.config.ts', wrangler: '/project/wrangler.toml', environment: undefined },
    ...{ isDryRun: false, isYes: false, hasTerminal: true, skipsMigrations: false, skipsProof: false },
    ...{ allowsBreaking: false, url: undefined, secretsFile: undefined, clickhouseUrl: undefined },
    ...{ user: undefined, password: undefined, database: undefined, env: {} },
    signal: new AbortController().signal,
    ...otherwise,
  }
  const { place, values } = await findAccess(['CLICKHOUSE_PASSWORD'], options, BINDINGS, {
    readText: async () => file,
    askSecret: async (question) => {
      asked.push(question)
      return typed
    },
    say: () => {},
  })
  return { password: place.password, secret: values.get('CLICKHOUSE_PASSWORD'), asked }
}

describe('the password of ClickHouse', () => {
  it('is asked for once where nobody knows it, and is the secret of the Worker too', async () => {
    expect(await find({}, { typed: 'pw' })).toEqual({
      password: 'pw',
      secret: 'pw',
      asked: ['CLICKHOUSE_PASSWORD (of worker at db.example:8443; what you type is not shown):'],
    })
  })

  it('may be none: Enter alone', async () => {
    expect(await find({})).toMatchObject({ password: '', secret: undefined })
  })

  it.each<[string, Partial<DeployOptions>]>([
    ['nobody is there', { hasTerminal: false }],
    ['it is in the environment', { env: { CLICKHOUSE_PASSWORD: 'pw' } }],
    ['it was typed', { password: 'pw' }],
    ['ClickHouse is not asked at all', { skipsMigrations: true, skipsProof: true }],
    ['a dry run leaves the tables out', { skipsMigrations: true, isDryRun: true }],
  ])('is not asked for where %s', async (_, options) => {
    expect((await find(options)).asked).toEqual([])
  })

  it('of another user who migrates is no secret of the Worker', async () => {
    const env = { CLICKHOUSE_USER: 'admin', CLICKHOUSE_PASSWORD: 'of-admin' }
    expect(await find({ env })).toMatchObject({ password: 'of-admin', secret: undefined })
    const file = 'CLICKHOUSE_PASSWORD=of-worker'
    expect(await find({ env }, { file })).toMatchObject({ password: 'of-admin', secret: 'of-worker' })
    expect(await find({ user: 'admin' }, { file, typed: 'of-admin' })).toEqual({
      password: 'of-admin',
      secret: 'of-worker',
      asked: ['Password (of admin at db.example:8443; what you type is not shown):'],
    })
  })

  it('that was typed for another user leaves the variable to the Worker', async () => {
    const env = { CLICKHOUSE_PASSWORD: 'of-worker' }
    expect(await find({ env, user: 'admin', password: 'of-admin' })).toMatchObject({
      password: 'of-admin',
      secret: 'of-worker',
    })
  })
})
