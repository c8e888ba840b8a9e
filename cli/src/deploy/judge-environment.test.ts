import { describe, expect, it } from 'vitest'
import type { WranglerConfig } from '../doctor/wrangler-config.ts'
import { judgeApart, judgeAsked } from './judge-environment.ts'

const BINDINGS: WranglerConfig = {
  vars: { CLICKHOUSE_URL: 'https://db.example:8443', CLICKHOUSE_DATABASE: 'millrace_staging' },
  queues: { consumers: [{ queue: 'shop-staging-events' }] },
  r2_buckets: [{ binding: 'LAKE', bucket_name: 'shop-staging-lake' }],
  ratelimits: [{ name: 'SOURCE_LIMIT', namespace_id: '4' }],
  routes: [],
}
const PRODUCTION: WranglerConfig = {
  name: 'shop',
  vars: { CLICKHOUSE_URL: 'https://db.example:8443', CLICKHOUSE_DATABASE: 'millrace' },
  queues: { consumers: [{ queue: 'shop-events' }] },
  r2_buckets: [{ binding: 'LAKE', bucket_name: 'shop-lake' }],
  ratelimits: [{ name: 'SOURCE_LIMIT', namespace_id: '1' }],
  routes: [{ pattern: 'events.shop.example', custom_domain: true }],
}
const worker = { name: 'shop-staging', presence: 'there' } as const

describe('judgeApart', () => {
  const judge = (bindings: WranglerConfig, name: string = worker.name) =>
    judgeApart({ production: PRODUCTION, worker: { ...worker, name } }, { ...BINDINGS, ...bindings }).map(
      ({ state, check }) => `${state}: ${check}`,
    )

  it('has nothing against an environment of its own, and against production itself', () => {
    expect(judge({})).toEqual([])
    expect(judgeApart({ production: undefined, worker }, PRODUCTION)).toEqual([])
  })

  it.each<[WranglerConfig, string]>([
    [{ routes: PRODUCTION.routes }, 'problem: route events.shop.example'],
    [{ queues: PRODUCTION.queues }, 'problem: queue shop-events'],
    [{ r2_buckets: PRODUCTION.r2_buckets }, 'problem: bucket shop-lake'],
    [{ vars: PRODUCTION.vars }, 'warning: database millrace at db.example:8443'],
    [{ ratelimits: PRODUCTION.ratelimits }, 'warning: rate limit 1'],
  ])('names what both have: %j', (bindings, expected) => {
    expect(judge(bindings)).toEqual([expected])
  })

  it('names a Worker that would be replaced', () => {
    expect(judge({}, 'shop')).toEqual(['problem: Worker shop'])
  })
})

describe('judgeAsked', () => {
  const own = { url: 'https://db.example:8443/', database: 'millrace_staging', isTyped: false }
  const judge = (asked: Partial<typeof own>, skipsMigrations = false) =>
    judgeAsked({ asked: { ...own, ...asked } }, BINDINGS, { skipsMigrations }).map(
      ({ state, says }) => `${state}: ${says}`,
    )

  it('has nothing against the ClickHouse of the Worker, nor where nothing is migrated', () => {
    expect(judge({})).toEqual([])
    expect(judge({ database: 'millrace' }, true)).toEqual([])
  })

  it('refuses to change the tables of another environment', () => {
    expect(judge({ database: 'millrace' })).toEqual([
      'problem: the tables of millrace would be changed, and the Worker writes into millrace_staging',
    ])
  })

  it('remarks on another ClickHouse, unless it was typed', () => {
    const url = 'http://127.0.0.1:8123'
    expect(judge({ url })).toEqual([
      'warning: CLICKHOUSE_URL of the environment is 127.0.0.1:8123, and the Worker goes to db.example:8443',
    ])
    expect(judge({ url, isTyped: true })).toEqual([])
  })
})
