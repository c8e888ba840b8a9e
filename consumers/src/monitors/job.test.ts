/** What the cron tells each object, with a ClickHouse and objects of our own. */

import { forgottenHash } from '@millrace/schemas'
import type { MonitorDefinition } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import type { MonitorReport } from '../live/monitoring.ts'
import type { Parameters } from '../statements.ts'
import type { MonitorKeys } from './desk.ts'
import { reportMonitors } from './job.ts'

const NOW = Date.parse('2026-11-22T10:00:30Z')

const spender: MonitorDefinition = {
  ...{ name: 'spender', kind: 'per_key', key: 'user_id' },
  ...{ measure: 'count', window: '24h', above: 1 },
}
const carts: MonitorDefinition = { ...spender, name: 'carts', key: 'properties.cart_id' }
const limit: MonitorDefinition = { name: 'limit', kind: 'threshold', window: 'w', measure: 'count', above: 1 }
const fresh: MonitorDefinition = { name: 'fresh', kind: 'freshness', stage: 'received', olderThan: '5m' }

interface Story {
  /** Keys that ClickHouse tells, and of how many. */
  rows?: readonly string[]
  firing?: number
  /** Of who is forgotten. */
  hashes?: readonly string[] | Error
  /** What the object keeps; `null` where it is an older one that does not say. */
  keys?: MonitorKeys | null
  monitors?: readonly MonitorDefinition[]
}

/** Runs the job for the source `shop`. */
async function run({
  rows = [],
  firing = rows.length,
  hashes = [],
  keys = { firing: {}, waiting: {} },
  monitors = [spender, carts, limit, fresh],
}: Story) {
  const reports: MonitorReport[] = []
  const statements: { sql: string; parameters: Parameters }[] = []
  await reportMonitors(
    {
      async read<Row>(sql: string, parameters: Parameters = {}) {
        statements.push({ sql, parameters })
        if (sql.includes('AS saved')) return [{ saved: NOW }] as Row[]
        if (!sql.includes('FROM forgotten')) return rows.map((key) => ({ key, value: 2, firing })) as Row[]
        if (hashes instanceof Error) throw hashes
        return hashes.map((id_hash) => ({ id_hash })) as Row[]
      },
      objectOf: () => ({ report: async (report) => void reports.push(report) }),
      facts: {
        ...{ warehouse: new Map(), computedLagMs: 0, lakeLagMs: new Map(), deadLetters: 0, spilled: 0 },
        gaps: new Map(),
        live: new Map([
          ['shop', { receipts: [NOW], liveLagMs: 1, ...(keys === null ? {} : { monitorKeys: keys }) }],
        ]),
      },
      now: () => NOW,
      log: () => {},
    },
    { monitors, webhooks: [] },
    ['shop'],
  )
  const [report] = reports
  const told = (report?.results ?? []).map(({ name, state, keys: named }) =>
    `${name} ${state} ${named.map(({ key }) => key).join(' ')}`.trim(),
  )
  return { told, forgotten: report?.forgotten, results: report?.results ?? [], statements }
}

describe('reportMonitors', () => {
  it('asks for who is forgotten only where there are keys', async () => {
    const { told, statements } = await run({})
    expect(told).toEqual(['spender ok', 'carts ok', 'fresh ok'])
    expect(statements.filter(({ sql }) => sql.includes('FROM forgotten'))).toEqual([])
    const { told: firing } = await run({ rows: ['u1'], keys: null })
    expect(firing).toEqual(['spender firing u1', 'carts firing u1', 'fresh ok'])
  })

  it('names nobody who is forgotten, and tells the object which keys it has of such', async () => {
    const hashes = await Promise.all([
      forgottenHash('user', 'u1'),
      forgottenHash('anonymous', 'a1'),
      forgottenHash('anonymous', 'u2'),
    ])
    const keys = {
      firing: { spender: ['u1', 'u2'], carts: ['u1'], limit: ['["u1","x"]', '["x"]', '["a1"]'] },
      waiting: { spender: ['u3'], limit: ['["a1"]'], gone: ['u1'] },
    }
    const { told, forgotten } = await run({ rows: ['u1', 'u2'], hashes, keys })
    expect(told).toEqual(['spender firing u2', 'carts firing u1 u2', 'fresh ok'])
    expect(forgotten).toEqual({ spender: ['u1'], limit: ['["u1","x"]', '["a1"]'] })
  })

  it('does not take a result that named only such for one about the whole', async () => {
    const hashes = [await forgottenHash('user', 'u1')]
    const { told } = await run({ rows: ['u1'], hashes, monitors: [spender] })
    expect(told).toEqual(['spender ok'])
  })

  it('says nothing of keys while it is not known who is forgotten', async () => {
    const { told } = await run({
      rows: [],
      hashes: new Error('away'),
      keys: { firing: { spender: ['u1'] }, waiting: {} },
    })
    expect(told).toEqual(['carts ok', 'fresh ok'])
  })

  it('asks first about keys that fire, by hashes, and says that they were judged', async () => {
    const firing = ['u1', "o'brien"]
    const { statements, results } = await run({
      ...{ rows: ['u1', 'u9'], firing: 150, keys: { firing: { spender: firing }, waiting: {} } },
      monitors: [spender],
    })
    expect(results).toMatchObject([{ more: 148, judged: firing }])
    const { sql, parameters } = statements.find(({ sql }) => sql.includes('ORDER BY has')) ?? {}
    expect(sql).not.toContain('u1')
    expect(Object.values(parameters ?? {})).toContainEqual([
      'bb82030dbc2bcaba',
      expect.stringMatching(/^[0-9a-f]{16}$/),
    ])
  })
})
