// biome-ignore-all lint/suspicious/noThenProperty: the second event of a sequence is called so, and is no function.
import type { MonitorDefinition } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import type { Parameters } from '../statements.ts'
import { evaluateMonitors } from './evaluate.ts'
import type { SourceFacts } from './freshness.ts'

const NOW = Date.parse('2026-11-22T10:00:30Z')

const rule: MonitorDefinition = {
  name: 'rule',
  kind: 'count_rule',
  left: { where: [{ field: 'event', op: 'is', value: 'a' }] },
  op: '<=',
  right: { where: [{ field: 'event', op: 'is', value: 'b' }] },
}
const nulls: MonitorDefinition = {
  name: 'nulls',
  kind: 'null_rate',
  event: 'page',
  property: 'properties.x',
  above: 0.5,
}
const fresh: MonitorDefinition = { name: 'fresh', kind: 'freshness', stage: 'live', olderThan: '1m' }
const limit: MonitorDefinition = { name: 'limit', kind: 'threshold', window: 'w', measure: 'count', above: 1 }

/** ClickHouse as a function of the statement; the first one of a source asks how far it is. */
function createFake(answer: (sql: string, parameters: Parameters) => object[] | Promise<object[]>) {
  const statements: string[] = []
  const logged: Record<string, unknown>[] = []
  const facts: SourceFacts = { receipts: [], liveLagMs: 5, lakeLagMs: null }
  return {
    statements,
    logged,
    effects: {
      async read<Row>(sql: string, parameters: Parameters = {}) {
        statements.push(sql)
        return (sql.includes('AS saved') ? [{ saved: NOW }] : await answer(sql, parameters)) as Row[]
      },
      facts: async () => facts,
      log: (record: Record<string, unknown>) => void logged.push(record),
    },
  }
}

const states = (results: readonly { name: string; source: string; state: string }[]) =>
  results.map(({ name, source, state }) => `${source} ${name} ${state}`)

describe('evaluateMonitors', () => {
  it('judges each monitor for each of its sources, with the source as a parameter', async () => {
    const sources: unknown[] = []
    const { effects } = createFake((_sql, { source }) => {
      sources.push(source)
      return [{ on_left: source === 'shop' ? 2 : 0, on_right: 1 }]
    })
    const monitors = [rule, { ...rule, name: 'shop_only', sources: ['shop'] }, limit]
    const results = await evaluateMonitors(effects, { monitors, sources: ['shop', 'blog'], now: NOW })
    expect(states(results)).toEqual(['shop rule firing', 'shop shop_only firing', 'blog rule ok'])
    expect(sources.toSorted()).toEqual(['blog', 'shop', 'shop'])
  })

  it('lets no monitor fail with another', async () => {
    const { effects, logged } = createFake((sql) => {
      if (sql.includes('on_left')) throw new Error('too many bytes')
      return [{ events: 100, empty: 1 }]
    })
    const results = await evaluateMonitors(effects, { monitors: [rule, nulls], sources: ['shop'], now: NOW })
    expect(states(results)).toEqual(['shop rule unknown', 'shop nulls ok'])
    expect(logged).toEqual([
      {
        level: 'error',
        event: 'monitor_failed',
        monitor: 'rule',
        source: 'shop',
        error: 'Error: too many bytes',
      },
    ])
  })

  it('takes no answer for no knowledge, and still judges what others know', async () => {
    const { effects, statements } = createFake(() => [])
    const away = { ...effects, read: async () => Promise.reject(new Error('connection refused')) }
    const results = await evaluateMonitors(away, {
      monitors: [rule, nulls, fresh],
      sources: ['shop'],
      now: NOW,
    })
    expect(states(results)).toEqual(['shop rule unknown', 'shop nulls unknown', 'shop fresh ok'])
    expect(statements).toEqual([])
    const empty = await evaluateMonitors(effects, { monitors: [rule], sources: ['shop'], now: NOW })
    expect(states(empty)).toEqual(['shop rule unknown'])
  })

  it('judges books while the warehouse is behind, because then events are on their way, and gaps not', async () => {
    const { effects } = createFake((sql) =>
      sql.includes("job = 'ledger'")
        ? [{ lag: 1_000 }]
        : [{ missing: 0, missingSince: 0, stuck: 4, stuckSince: 0, spilled: 4, dead: 0 }],
    )
    const facts = async () => ({ receipts: [NOW - 600_000], liveLagMs: 5, lakeLagMs: null })
    const read = async <Row>(sql: string) =>
      (sql.includes('AS saved') ? [{ saved: NOW - 900_000 }] : await effects.read<Row>(sql)) as Row[]
    const monitors: MonitorDefinition[] = [
      { name: 'books', kind: 'books' },
      { name: 'gaps', kind: 'gaps', above: 0 },
    ]
    const results = await evaluateMonitors(
      { ...effects, facts, read },
      { monitors, sources: ['shop'], now: NOW },
    )
    expect(states(results)).toEqual(['shop books firing', 'shop gaps unknown'])
  })

  it('goes on without the facts of the live object', async () => {
    const { effects, logged } = createFake(() => [{ on_left: 0, on_right: 0 }])
    const facts = () => Promise.reject(new Error('the object restarts'))
    const results = await evaluateMonitors(
      { ...effects, facts },
      { monitors: [rule, fresh], sources: ['shop'], now: NOW },
    )
    expect(states(results)).toEqual(['shop rule ok', 'shop fresh unknown'])
    expect(logged).toMatchObject([{ event: 'monitor_facts_unknown', source: 'shop' }])
  })

  it('asks how far a source is once, and a few things at a time', async () => {
    let [asking, most] = [0, 0]
    const { effects, statements } = createFake(async () => {
      asking++
      most = Math.max(most, asking)
      await new Promise((resolve) => setTimeout(resolve, 2))
      asking--
      return [{ on_left: 0, on_right: 0 }]
    })
    const monitors = Array.from({ length: 12 }, (_, index) => ({ ...rule, name: `m${index}` }))
    const results = await evaluateMonitors(effects, { monitors, sources: ['shop'], now: NOW })
    expect(results.map(({ name }) => name)).toEqual(monitors.map(({ name }) => name))
    expect(most).toBe(4)
    expect(statements.filter((sql) => sql.includes('AS saved'))).toHaveLength(1)
  })

  it('puts nothing that a user wrote into the text of a statement', async () => {
    const needle = `needle'"\\{}--`
    const where = [{ field: `properties.${needle}`, op: 'in', value: [needle] }] as const
    const common = { window: '1h', sources: ['shop'] } as const
    const monitors: MonitorDefinition[] = [
      { ...common, name: 'a', kind: 'drop', where },
      { ...common, name: 'b', kind: 'null_rate', event: needle, property: `traits.${needle}`, above: 0.1 },
      { ...common, name: 'c', kind: 'count_rule', left: { where }, op: '<', right: { where } },
      {
        ...common,
        name: 'd',
        kind: 'per_key',
        key: `context.${needle}`,
        measure: { sum: `lookups.${needle}` },
        where,
        above: 1,
      },
      { name: 'e', kind: 'drift', property: `properties.${needle}`, where },
      {
        name: 'f',
        kind: 'sequence',
        key: `properties.${needle}`,
        first: { where },
        then: { where },
        within: '1h',
        condition: [
          { kind: 'compare', first: `properties.${needle}`, op: 'is', then: `properties.${needle}` },
        ],
      },
    ]
    const { effects, statements } = createFake(() => [{ values: 1_000, numbers: 0, different: 1, edges: [] }])
    await evaluateMonitors(effects, { monitors, sources: ['shop'], now: NOW })
    expect(statements.length).toBeGreaterThan(7)
    for (const sql of statements) {
      expect(sql).not.toContain('needle')
      const reads = [...sql.matchAll(/\bFROM ([a-z_]\w*)\s+(WHERE source = \{source:String\})?/g)]
      expect(reads.length).toBeGreaterThan(0)
      for (const [, table, scope] of reads)
        expect([table, scope]).toEqual([expect.any(String), expect.any(String)])
    }
  })
})
