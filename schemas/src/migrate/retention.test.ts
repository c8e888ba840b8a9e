import { describe, expect, it } from 'vitest'
import { describeRules, planRetention, readRetention, type SourceRetention } from './retention.ts'

const BEFORE = 'ReplacingMergeTree(x) PARTITION BY toYYYYMM(t) ORDER BY (source, id)'
const AFTER = ' SETTINGS index_granularity = 8192'

/** A table `quarantine` with this TTL, and nothing else. */
function plan(ttl: string, ...sources: SourceRetention[]) {
  const engines = new Map([['quarantine', `${BEFORE}${ttl === '' ? '' : ` TTL ${ttl}`}${AFTER}`]])
  return planRetention(engines, sources, undefined)
}

const rule = (source: string, days: number) =>
  `received_at + toIntervalDay(${days}) WHERE source = '${source}'`
const source = (name: string, quarantineDays?: number): SourceRetention => ({
  source: name,
  retention: quarantineDays === undefined ? {} : { quarantineDays },
})

describe('planRetention', () => {
  it('changes nothing where the table is as configured', () => {
    expect(plan('', source('shop'))).toEqual([])
    expect(plan(`${rule('blog', 5)}, ${rule('shop', 30)}`, source('shop', 30), source('blog', 5))).toEqual([])
  })

  it('sets one clause a source', () => {
    expect(plan('', source('shop', 30), source('blog', 5))).toEqual([
      {
        name: 'quarantine',
        table: 'quarantine',
        sql:
          "ALTER TABLE quarantine MODIFY TTL\n    received_at + toIntervalDay(5) DELETE WHERE source = 'blog',\n" +
          "    received_at + toIntervalDay(30) DELETE WHERE source = 'shop'",
        from: [],
        to: [
          { source: 'blog', days: 5 },
          { source: 'shop', days: 30 },
        ],
        shortens:
          "(source = 'blog' AND received_at < now() - toIntervalDay(5)) OR (source = 'shop' AND received_at < now() - toIntervalDay(30))",
      },
    ])
  })

  it('takes only what goes earlier than before for shorter', () => {
    const [change] = plan(`${rule('blog', 5)}, ${rule('shop', 30)}`, source('shop', 31), source('blog', 4))
    expect(change?.shortens).toBe("(source = 'blog' AND received_at < now() - toIntervalDay(4))")
    expect(plan(rule('shop', 30), source('shop', 60))[0]).not.toHaveProperty('shortens')
  })

  it('removes the TTL with the last rule, and leaves the rule of a source that is not named', () => {
    expect(plan(rule('shop', 30), source('shop'))).toMatchObject([
      { sql: 'ALTER TABLE quarantine REMOVE TTL', to: [] },
    ])
    expect(plan(rule('gone', 30), source('shop'))).toEqual([])
  })

  it('leaves a TTL of another kind until there is a rule', () => {
    const ttl = 'toDateTime(received_at) + toIntervalYear(1)'
    expect(plan(ttl, source('shop'))).toEqual([])
    expect(plan(ttl, source('shop', 3))).toMatchObject([{ from: [], to: [{ source: 'shop', days: 3 }] }])
  })

  it('keeps what corrects an event longer than the event', () => {
    const engines = new Map(
      ['events', 'corrected_events', 'corrections', 'sessions'].map((name) => [name, BEFORE]),
    )
    const changes = planRetention(engines, [{ source: 'shop', retention: { eventsDays: 10 } }], undefined)
    expect(changes.map(({ table, to }) => [table, to[0]?.days])).toEqual([
      ['events', 10],
      ['corrected_events', 17],
      ['corrections', 17],
      ['sessions', 10],
    ])
  })

  it('keeps ids of what was left out eight days longer than what was refused: the books look them up', () => {
    const engines = new Map(['quarantine', 'omitted'].map((name) => [name, BEFORE]))
    const changes = planRetention(engines, [source('shop', 1), source('blog')], undefined)
    expect(changes.map(({ table, to }) => [table, to])).toEqual([
      ['quarantine', [{ source: 'shop', days: 1 }]],
      ['omitted', [{ source: 'shop', days: 9 }]],
    ])
    const before = new Map([['omitted', `${BEFORE} TTL ${rule('shop', 1)}${AFTER}`]])
    const [longer] = planRetention(before, [source('shop', 1)], undefined)
    expect(longer).toMatchObject({ from: [{ days: 1 }], to: [{ days: 9 }] })
    expect(longer).not.toHaveProperty('shortens')
  })

  it('keeps live windows as long as events, unless it is said how long', () => {
    const engines = new Map([['live_windows', BEFORE]])
    const daysOf = (retention: SourceRetention['retention']) =>
      planRetention(engines, [{ source: 'shop', retention }], undefined).map(({ to }) => to[0]?.days)
    expect(daysOf({ rollupsDays: 5 })).toEqual([])
    expect(daysOf({ eventsDays: 10 })).toEqual([10])
    expect(daysOf({ eventsDays: 10, windowsDays: 400 })).toEqual([400])
  })

  it('counts for a corrected event from a time that no correction moves back, also where a release before did not', () => {
    const planOf = (column: string) => {
      const ttl = `${column} + toIntervalDay(17) WHERE source = 'shop'`
      const engines = new Map([['corrected_events', `${BEFORE} TTL ${ttl}${AFTER}`]])
      return planRetention(engines, [{ source: 'shop', retention: { eventsDays: 10 } }], undefined)
    }
    expect(planOf('kept_from')).toEqual([])
    const [change] = planOf('timestamp')
    expect(change?.sql).toBe(
      "ALTER TABLE corrected_events MODIFY TTL\n    kept_from + toIntervalDay(17) DELETE WHERE source = 'shop'",
    )
    expect(change).not.toHaveProperty('shortens')
  })

  it('is for the tables with the rows where there is a cluster', () => {
    const engines = new Map([
      ['rollup_hour', "Distributed('main', 'db', 'rollup_hour_local', x)"],
      ['rollup_hour_local', `Replicated${BEFORE}`],
    ])
    const [change, ...more] = planRetention(
      engines,
      [{ source: 'shop', retention: { rollupsDays: 10 } }],
      'main',
    )
    expect(change?.sql).toBe(
      "ALTER TABLE rollup_hour_local ON CLUSTER 'main' MODIFY TTL\n    hour + toIntervalDay(10) DELETE WHERE source = 'shop'",
    )
    expect(more).toEqual([])
  })
})

describe('readRetention', () => {
  it('names every source, that of development too', () => {
    const config = {
      sources: [
        { name: 'shop', writeKeys: ['k'], retention: { eventsDays: 3 } },
        { name: 'blog', writeKeys: ['l'] },
      ],
    }
    expect(readRetention({ ...config, development: { retention: { rollupsDays: 1 } } })).toEqual([
      { source: 'shop', retention: { eventsDays: 3 } },
      { source: 'blog', retention: {} },
      { source: 'dev', retention: { rollupsDays: 1 } },
    ])
  })
})

describe('describeRules', () => {
  it('says how long', () => {
    expect([
      describeRules([]),
      describeRules([
        { source: 'a', days: 1 },
        { source: 'b', days: 2 },
      ]),
    ]).toEqual(['kept for ever', 'a 1 day, b 2 days'])
  })
})
