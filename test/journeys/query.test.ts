/** Questions to the collector about two sources that must know nothing of each other, on the real stack. */

import { join } from 'node:path'
import { sql } from '@millrace/schemas/sql'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRunStatement } from '../../collector/src/query/clickhouse.ts'
import { questionArbitrary } from '../../collector/src/query/question-arbitraries.ts'
import { createAsk } from '../../collector/src/query/reader.ts'
import { ROOT } from '../../scripts/setup.mjs'
import { startCommand } from '../support/command.ts'
import { configPath } from '../support/configured-stack.ts'
import {
  countBy,
  createVisits,
  FROM,
  funnelOf,
  peopleOf,
  retentionOf,
  sessionsOf,
  TO,
  wireEvent,
} from '../support/question-events.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'
import { withWorkerBundle } from '../support/worker-bundle.ts'

interface Answer {
  success?: false
  message?: string
  question: Record<string, unknown>
  freshness: { lagSeconds: number } | null
  readFrom: string
  columns: string[]
  rows: unknown[][]
  totals: Record<string, number>
  buckets: string[]
  series: { name: string | null; isOther?: true; total: number; values: (number | null)[] }[]
}

const ENTRY = `export { default, LiveAggregator } from './worker.ts'`

/** In every event of the blog, several times; nothing of the shop has it. */
const BLOG_MARK = 'blogsecret'

const visits = createVisits()
const span = { from: new Date(FROM).toISOString(), to: new Date(TO).toISOString() }

let stack: TestStack

beforeAll(async () => {
  const config = join(ROOT, configPath('two-sources'))
  const plugin = {
    name: 'use-config',
    setup: ({
      onResolve,
    }: Parameters<NonNullable<Parameters<typeof withWorkerBundle>[0]['plugins']>[number]['setup']>[0]) =>
      onResolve({ filter: /\/millrace\.config\.ts$/ }, () => ({ path: config })),
  }
  const variables = {
    SHOP_SECRET_KEY: 'shop-secret',
    SHOP_READ_TOKEN: 'shop-read',
    BLOG_SECRET_KEY: 'blog-secret',
    BLOG_READ_TOKEN: 'blog-read',
  }
  stack = await withWorkerBundle({ entry: ENTRY, plugins: [plugin] }, (scriptPath) =>
    startTestStack({ scriptPath, variables }),
  )
  await send('shop-secret', visits.map(wireEvent))
  await send(
    'blog-secret',
    visits.slice(0, 300).map((visit) => ({
      ...wireEvent({
        ...visit,
        path: `/${BLOG_MARK}`,
        plan: BLOG_MARK,
        session: `${BLOG_MARK}${visit.session}`,
      }),
      anonymousId: `${BLOG_MARK}-${visit.anonymousId}`,
      messageId: `${BLOG_MARK}-${visit.at}`,
      ...(visit.type === 'track' ? { event: BLOG_MARK } : {}),
    })),
  )
  await waitFor(
    () => stack.query<{ n: string }>('SELECT count() AS n FROM events FINAL'),
    ([row]) => Number(row?.n) === visits.length + 300,
  )
  await stack.worker.triggerCron()
}, 120_000)

afterAll(() => stack.stop())

async function send(secretKey: string, events: object[]): Promise<void> {
  for (let start = 0; start < events.length; start += 500) {
    const response = await fetch(`${stack.worker.url}/v1/import`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secretKey}` },
      body: JSON.stringify({ batch: events.slice(start, start + 500) }),
    })
    expect(await response.json()).toEqual({ success: true })
  }
}

async function post(name: string, question: object, token = 'shop-read') {
  const response = await fetch(`${stack.worker.url}/v1/query/${name}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(question),
  })
  return {
    status: response.status,
    cache: response.headers.get('millrace-cache'),
    headers: response.headers,
    text: await response.text(),
  }
}

async function ask(name: string, question: object, token?: string): Promise<Answer> {
  const { status, text } = await post(name, question, token)
  if (status !== 200) throw new Error(`${name} ${JSON.stringify(question)} got ${status}: ${text}`)
  return JSON.parse(text)
}

describe('an answer', () => {
  it('to timeseries has every bucket, and each count that the events have', async () => {
    for (const [interval, stepMs] of [
      ['day', 86_400_000],
      ['hour', 3_600_000],
    ] as const) {
      const { buckets, series, freshness } = await ask('timeseries', { ...span, interval })
      const counts = countBy(visits, ({ at }) => String(Math.floor((at - FROM) / stepMs)))
      expect(buckets).toHaveLength((TO - FROM) / stepMs)
      expect(series).toEqual([
        {
          name: null,
          total: visits.length,
          values: buckets.map((_, index) => counts.get(String(index)) ?? 0),
        },
      ])
      expect(freshness?.lagSeconds).toBeLessThan(120)
    }
  })

  it('to timeseries tells the largest values apart, and the others together', async () => {
    const { series } = await ask('timeseries', { ...span, by: 'properties.plan', limit: 2, interval: 'day' })
    const largest = [...countBy(visits, ({ type, plan }) => (type === 'identify' ? '' : plan))].toSorted(
      ([a, m], [b, n]) => n - m || (a < b ? -1 : 1),
    )
    const others = largest.slice(2).reduce((sum, [, count]) => sum + count, 0)
    expect(series.map(({ name, isOther, total }) => [name, isOther, total])).toEqual([
      ...largest.slice(0, 2).map(([name, count]) => [name, undefined, count]),
      [null, true, others],
    ])
    const sums = series.map(({ values }) => values.reduce<number>((sum, value) => sum + Number(value), 0))
    expect(sums).toEqual(series.map(({ total }) => total))
  })

  it('to timeseries is the same to the last digit from events and roll-ups', async () => {
    const questions = ['events', 'people', 'sessions'].flatMap((metric) => [
      { metric, interval: 'hour' },
      { metric, interval: 'day', timeZone: 'Asia/Kolkata' },
      { metric, interval: 'hour', timeZone: 'Asia/Kolkata', events: ['page', 'Order Completed'] },
      { metric, interval: 'day', timeZone: 'America/New_York', by: 'event', limit: 2 },
      { metric, interval: 'week', from: '2026-10-05T03:17Z', to: '2026-10-08T21:44Z' },
    ])
    for (const question of questions) {
      const both = await Promise.all(
        ['events', 'rollups'].map((using) => ask('timeseries', { ...span, ...question, using })),
      )
      expect(both.map(({ readFrom }) => readFrom)).toEqual(['events', 'rollups'])
      expect(both[1]?.series).toEqual(both[0]?.series)
      expect(both[1]?.buckets).toEqual(both[0]?.buckets)
    }
  })

  it('to timeseries of a number is exact, also as a measure of the configuration', async () => {
    const revenue = visits.reduce((sum, visit) => sum + Math.round((visit.revenue ?? 0) * 100), 0) / 100
    for (const of of ['properties.revenue', 'measures.revenue']) {
      const { series } = await ask('timeseries', { ...span, metric: 'sum', of, interval: 'day' })
      expect(series[0]?.total).toBe(revenue)
      const max = await ask('timeseries', { ...span, metric: 'max', of, interval: 'day' })
      expect(max.series[0]?.total).toBe(Math.max(...visits.map((visit) => visit.revenue ?? 0)))
    }
  })

  it('to top has values in order, with their people', async () => {
    const pages = visits.filter(({ type }) => type === 'page')
    const expected = [...countBy(pages, ({ path }) => path)]
      .toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
      .map(([path, count]) => [path, count, peopleOf(pages.filter((page) => page.path === path))])
    const { columns, rows } = await ask('top', { ...span, field: 'page_path', events: ['page'] })
    expect([columns, rows]).toEqual([['page_path', 'events', 'people'], expected])
  })

  it('to top and breakdown is the same from events and roll-ups, whatever the range', async () => {
    const ranges = [
      span,
      { from: '2026-10-05T03:17Z', to: '2026-10-08T21:44Z' },
      { from: '2026-10-05T03:00Z', to: '2026-10-05T09:00Z' },
      { from: '2026-10-06T10:10Z', to: '2026-10-06T11:05Z' },
      { from: '2026-10-06T10:10Z', to: '2026-10-06T10:50Z' },
    ]
    for (const range of ranges) {
      for (const [name, question] of [
        ['top', { field: 'page_path', metric: 'people', events: ['page'] }],
        ['top', { field: 'device_type', events: ['page', 'screen'] }],
        ['breakdown', { by: 'page_path', metric: 'people', events: ['page'] }],
      ] as const) {
        const both = await Promise.all(
          ['events', 'rollups'].map((using) => ask(name, { ...range, ...question, using })),
        )
        expect(both.map(({ readFrom }) => readFrom)).toEqual(['events', 'rollups'])
        expect(both[1]?.rows).toEqual(both[0]?.rows)
        expect(both[0]?.rows.length).toBeGreaterThan(0)
      }
    }
  })

  it('to breakdown with filters counts what fits them', async () => {
    const fits = visits.filter(
      ({ plan, event, revenue }) => plan === "o'brien" && event === 'Order Completed' && (revenue ?? 0) > 10,
    )
    const { rows } = await ask('breakdown', {
      ...span,
      metric: 'people',
      by: ['event', 'locale'],
      filters: [
        { field: 'properties.plan', op: 'is', value: "o'brien" },
        { field: 'properties.revenue', op: 'gt', value: 10 },
        { field: 'event', op: 'in', value: ['Order Completed', 'page'] },
      ],
    })
    expect(rows).toEqual([['Order Completed', 'en-US', peopleOf(fits)]])
  })

  it.each([
    [['page', 'Product Viewed', 'Order Completed'], '2h'],
    [['page', 'page', 'page'], '30m'],
    [['Product Viewed', 'page', 'Product Viewed', 'Order Completed'], '3d'],
  ])('to the funnel %j within %s is the definition tried from every beginning', async (steps, window) => {
    const windowMs = { '30m': 1_800_000, '2h': 7_200_000, '3d': 259_200_000 }[window] ?? 0
    const { rows } = await ask('funnel', { ...span, steps, window })
    expect(rows.map(([, , people]) => people)).toEqual(funnelOf(visits, steps, windowMs))
    for (const [, , , , , seconds] of rows.slice(1)) expect(seconds).toBeLessThanOrEqual(windowMs / 1_000)
  })

  it('to a funnel and to paths has events of one millisecond by their numbers, also after many', async () => {
    const sendNumbered = (anonymousId: string, events: readonly string[]) =>
      stack.post({
        writeKey: 'wk_shop',
        stream: crypto.randomUUID(),
        firstSeq: 200_000,
        sentAt: new Date().toISOString(),
        batch: events.map((event) => ({
          type: 'track',
          event,
          anonymousId,
          timestamp: new Date(at).toISOString(),
          context: { session: { id: anonymousId } },
        })),
      })
    const at = Date.now() - 3_600_000
    await sendNumbered('numbered-a', ['Step one', 'Step two'])
    await sendNumbered('numbered-b', ['Step two', 'Step one'])
    await waitFor(
      () => stack.query<{ n: string }>("SELECT count() AS n FROM events WHERE event LIKE 'Step %'"),
      ([row]) => Number(row?.n) === 4,
    )
    for (const spanMs of [60_000, 700 * 86_400_000]) {
      // Our clock corrects that of the batch, the same for all events in it.
      const range = {
        from: new Date(at + 60_000 - spanMs).toISOString(),
        to: new Date(at + 60_000).toISOString(),
      }
      const { rows } = await ask('funnel', { ...range, steps: ['Step one', 'Step two'] })
      expect(rows.map(([, , people]) => people)).toEqual([2, 1])
      const paths = await ask('paths', { ...range, of: 'events', at: 'Step one', depth: 1 })
      expect(paths.rows).toEqual([
        [1, 'Step one', 'Step two', 1],
        [1, 'Step one', null, 1],
      ])
    }
  })

  it('to retention has each cohort, and nothing of days that are not over', async () => {
    const { rows } = await ask('retention', {
      ...span,
      first: 'page',
      returning: 'Order Completed',
      periods: 3,
    })
    expect(rows.map(([, ...counts]) => counts)).toEqual(retentionOf(visits, 4))
  })

  it('to paths begins where it is asked to, and goes no further than a session', async () => {
    const { rows } = await ask('paths', {
      ...span,
      of: 'events',
      at: 'Order Completed',
      direction: 'before',
      depth: 2,
    })
    expect(new Set(rows.filter(([step]) => step === 1).map(([, , to]) => to))).toEqual(
      new Set(['Order Completed']),
    )
    const all = await ask('paths', { ...span, of: 'events', depth: 1, limit: 100 })
    const begun = all.rows.reduce((sum, row) => sum + Number(row[3]), 0)
    expect(begun).toBe(sessionsOf(visits))
  })

  it('to sessions counts them over time, by a field, and one by one', async () => {
    const whole = await ask('sessions', { ...span, interval: 'day' })
    expect(whole.totals['sessions']).toBe(sessionsOf(visits))
    const counted = whole.series.find(({ name }) => name === 'sessions')?.values ?? []
    expect(counted.reduce((sum, value) => Number(sum) + Number(value), 0)).toBe(sessionsOf(visits))
    const by = await ask('sessions', { ...span, by: 'entry_page' })
    expect(by.rows.reduce((sum, row) => sum + Number(row[1]), 0)).toBe(sessionsOf(visits))
    const list = await ask('sessions', {
      ...span,
      list: true,
      limit: 3,
      filters: [{ field: 'page_views', op: 'gte', value: 2 }],
    })
    expect(list.rows).toHaveLength(3)
    expect(list.readFrom).toBe('sessions')
  })

  it('to people finds who signed in with all of before, and tells a timeline', async () => {
    const { rows, columns } = await ask('people', { ...span, limit: 1_000 })
    expect(rows).toHaveLength(peopleOf(visits))
    const found = await ask('people', { ...span, search: 'U33' })
    expect(found.rows).toHaveLength(1)
    const person = Object.fromEntries(columns.map((column, index) => [column, found.rows[0]?.[index]]))
    const own = visits.filter((visit) => visit.person === 'u33')
    expect(person).toMatchObject({
      person: 'u33',
      events: own.length,
      userIds: ['u33'],
      anonymousIds: 1,
      traits: expect.any(Object),
    })
    const timeline = await ask('people', { ...span, person: 'u33', limit: 1_000 })
    expect(timeline.rows.map(([time]) => Date.parse(String(time)))).toEqual(
      own.map(({ at }) => at).toSorted((a, b) => b - a),
    )
  })

  it('to live has who is there now', async () => {
    const batch = ['a', 'b'].map((id) => ({
      type: 'page',
      anonymousId: `live-${id}`,
      properties: { path: '/now' },
    }))
    await stack.post({ writeKey: 'wk_shop', batch })
    const { rows, totals } = await waitFor(
      () => ask('live', { limit: 3 }),
      ({ rows }) => rows.length > 0,
    )
    expect([rows, totals]).toEqual([[['/now', 2, 2]], { visitors5: 2, visitors30: 2 }])
  })

  it('is read once by many who ask at the same time, and found by those who ask later', async () => {
    const question = { ...span, field: 'page_title' }
    const answers = await Promise.all(Array.from({ length: 40 }, () => post('top', question)))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(answers.filter(({ cache }) => cache === 'miss')).toHaveLength(1)
    expect((await post('top', question)).cache).toBe('hit')
    const others = await post('top', question, 'blog-read')
    expect([others.cache, others.text === answers[0]?.text]).toEqual(['miss', false])
  })
})

describe('a source', () => {
  it('sees its own rows', async () => {
    const { rows } = await ask('top', { ...span, field: 'page_path', events: ['page'] }, 'blog-read')
    expect(rows.map(([path]) => path)).toEqual([`/${BLOG_MARK}`])
  })

  it('never sees a row of another, whatever it asks, and ClickHouse understands every question', async () => {
    const asked = new Map<number, number>()
    await fc.assert(
      fc.asyncProperty(questionArbitrary, async ({ name, input }) => {
        const { status, text } = await post(name, { ...span, ...input })
        asked.set(status, (asked.get(status) ?? 0) + 1)
        expect([200, 400, 403]).toContain(status)
        const { question: _, message: __, ...found } = JSON.parse(text)
        expect(JSON.stringify(found)).not.toContain(BLOG_MARK)
      }),
      { numRuns: 500, interruptAfterTimeLimit: 60_000 },
    )
    expect(asked.get(200)).toBeGreaterThan(100)
    expect(stack.workerLog.filter((line) => /query_failed|unexpected_error/.test(line))).toEqual([])
  }, 120_000)

  it('sees no row of another by a statement that forgets whose rows it reads, and changes none', async () => {
    const connection = { url: stack.clickhouseUrl, username: 'default', password: '', database: 'millrace' }
    const read = createAsk(createRunStatement(connection), 'millrace', 'shop')
    for (const statement of [
      sql`SELECT DISTINCT source FROM events_resolved`,
      sql`SELECT DISTINCT source FROM events`,
      sql`SELECT DISTINCT source FROM millrace.sessions FINAL`,
      sql`SELECT DISTINCT source FROM rollup_minute AS r FINAL`,
      sql`SELECT DISTINCT source FROM (SELECT * FROM rollup_hour UNION ALL SELECT * FROM rollup_hour)`,
    ]) {
      expect(await read(statement)).toEqual([['shop']])
    }
    await expect(read(sql`TRUNCATE TABLE sessions`)).rejects.toMatchObject({ kind: 'fault' })
  })

  it('sees no row of another by asking for its very values', async () => {
    const values = [`/${BLOG_MARK}`, BLOG_MARK, `${BLOG_MARK}-v1`]
    for (const value of values) {
      for (const field of [
        'page_path',
        'anonymous_id',
        'visitor_id',
        'person_id',
        'event',
        'properties.plan',
      ]) {
        const { rows } = await ask('top', { ...span, field, filters: [{ field, op: 'contains', value }] })
        expect(rows).toEqual([])
      }
      expect((await ask('people', { ...span, search: value })).rows).toEqual([])
      expect((await ask('people', { ...span, person: value })).rows).toEqual([])
      expect((await ask('paths', { ...span, at: value })).rows).toEqual([])
    }
  })
})

describe('millrace query', () => {
  const run = (...args: string[]) =>
    startCommand(
      process.execPath,
      ['cli/bin/millrace.mjs', 'query', ...args, '--endpoint', stack.worker.url],
      {
        MILLRACE_READ_TOKEN: 'shop-read',
      },
    ).finished

  it('prints the answer as a table', async () => {
    const when = ['--from', '2026-10-05', '--to', '2026-10-09']
    const question = ['top', '--source', 'shop', '--field', 'page_path', '--event', 'page', ...when]
    const { code, stdout } = await run(...question)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^page_path +events +people\n\/\w* +\d+ +\d+\n/)
    expect(stdout).toContain('from the roll-ups')
    const again = await run(...question)
    expect(again.stdout).toContain('; kept from then, asked anew after at most an hour\n')
  })

  it('says what is wrong with a question, and whose a token is', async () => {
    const wrong = await run('top', '--source', 'shop', '--field', 'colour')
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringContaining('millrace: --field must be one of type, event'),
    ])
    const other = await run('live', '--source', 'blog')
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('this token is of source "shop"')])
  })
})

describe('without ClickHouse', () => {
  it('a question waits', async () => {
    await stack.killClickHouse()
    const { status, headers, text } = await post('top', { ...span, field: 'city' })
    expect([status, headers.get('retry-after')]).toEqual([503, '5'])
    expect(JSON.parse(text)).toMatchObject({ code: 'temporarily_unavailable' })
  })
})
