import type { Retention } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { type AnswerEffects, type Asker, createAnswer } from './answer.ts'
import { createAnswerCache } from './cache.ts'
import { createFakeWarehouse } from './fakes.ts'
import { type ParsedQuestion, parseQuestion } from './parse-question.ts'
import type { QuestionName } from './questions.ts'
import type { ReadRequest } from './reader.ts'

const NOW = Date.parse('2026-11-22T10:07:30Z')

const rowsOf = ({ text }: ReadRequest) =>
  text.includes('freshness') ? [['2026-11-22T10:07:00Z', 30]] : [['DE', 3, 2]]

/** A store of answers that forgets nothing. */
function createStore() {
  const kept = new Map<string, { text: string; cacheControl: string | null }>()
  return {
    kept,
    match: async (url: string) => {
      const found = kept.get(url)
      return found === undefined ? undefined : new Response(found.text)
    },
    put: async (url: string, response: Response) =>
      void kept.set(url, {
        text: await response.text(),
        cacheControl: response.headers.get('cache-control'),
      }),
  }
}

function createSetup(effects: Partial<AnswerEffects> = {}) {
  const warehouse = createFakeWarehouse(rowsOf)
  const store = createStore()
  const logged: Record<string, unknown>[] = []
  const log = (record: Record<string, unknown>) => void logged.push(record)
  const cache = createAnswerCache(store, log)
  let time = NOW
  const answer = createAnswer({
    run: warehouse.run,
    database: 'millrace',
    cache,
    now: () => time,
    log,
    ...effects,
  })
  const waited: Promise<unknown>[] = []
  return {
    logged,
    store,
    /** Questions that reached ClickHouse, without those for the freshness. */
    asked: () => warehouse.requests.filter(({ text }) => !text.includes('FROM freshness')),
    ask: async (question: ParsedQuestion, asker: Partial<Asker> = {}) => {
      const waitUntil = (promise: Promise<unknown>) => void waited.push(promise)
      const answered = await answer(question, { source: 'shop', isLimited: true, waitUntil, ...asker })
      return answered
    },
    settle: () => Promise.all(waited),
    goOn: (ms: number) => {
      time += ms
    },
  }
}

function parse(
  name: QuestionName,
  input: Record<string, unknown> = {},
  now = NOW,
  retention: Retention = {},
): ParsedQuestion {
  const measures = [{ name: 'revenue', path: 'properties.revenue' }]
  const question = parseQuestion(name, input, now, { retention, measures })
  if (!question.ok) throw new Error(question.message)
  return question
}

const TOP = { field: 'country' }

describe('an answer', () => {
  it('has the question as it was understood, its time, and how far the computed tables are', async () => {
    const answered = await createSetup().ask(parse('top', TOP))
    expect(answered.ok && JSON.parse(answered.json)).toEqual({
      question: {
        name: 'top',
        field: 'country',
        metric: 'events',
        events: [],
        filters: [],
        limit: 10,
        using: 'auto',
        from: '2026-11-15T10:10:00.000Z',
        to: '2026-11-22T10:10:00.000Z',
        timeZone: 'UTC',
      },
      asOf: '2026-11-22T10:07:30.000Z',
      freshness: { upTo: '2026-11-22T10:07:00Z', lagSeconds: 30 },
      readFrom: 'events',
      columns: ['country', 'events', 'people'],
      rows: [['DE', 3, 2]],
    })
  })

  it('is read once by a thousand who ask at the same time', async () => {
    const { ask, asked } = createSetup()
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => ask(parse('top', TOP))))
    expect(asked()).toHaveLength(1)
    const told = answers.map((answered) => (answered.ok ? answered.cache : 'refused'))
    expect([told[0], new Set(told.slice(1))]).toEqual(['miss', new Set(['shared'])])
    expect(new Set(answers.map((answered) => answered.ok && answered.json)).size).toBe(1)
  })

  it('is kept for as long as it is current, and not counted against the quota again', async () => {
    const keys: string[] = []
    const limiter = { limit: async ({ key }: { key: string }) => ({ success: keys.push(key) > 0 }) }
    const { ask, asked, settle, store, goOn } = createSetup({ limiter })
    await ask(parse('top', TOP))
    await settle()
    expect(await ask(parse('top', TOP))).toMatchObject({ ok: true, cache: 'hit' })
    expect([asked().length, keys]).toEqual([1, ['shop']])
    expect([...store.kept.values()]).toMatchObject([{ cacheControl: 'max-age=300' }])
    goOn(300_000)
    expect(await ask(parse('top', TOP, NOW + 300_000))).toMatchObject({ cache: 'miss' })
  })

  it('is kept for ten seconds when it has no rows, which may come in a moment', async () => {
    const { run } = createFakeWarehouse((request) =>
      request.text.includes('freshness') ? rowsOf(request) : [],
    )
    const { ask, settle, store } = createSetup({ run })
    expect(await ask(parse('top', TOP))).toMatchObject({
      ok: true,
      json: expect.stringContaining('"rows":[]'),
    })
    await settle()
    expect([...store.kept.values()]).toMatchObject([{ cacheControl: 'max-age=10' }])
  })

  it('is never that of another source, whoever asks first', async () => {
    const { ask, asked, settle, store } = createSetup()
    await Promise.all(['shop', 'blog'].map((source) => ask(parse('top', TOP), { source })))
    await settle()
    await ask(parse('top', TOP), { source: 'other' })
    expect(asked().map(({ parameters }) => parameters['source'])).toEqual(['shop', 'blog', 'other'])
    expect([...store.kept.keys()].map((url) => new URL(url).pathname.split('/')[1])).toEqual(['shop', 'blog'])
  })

  it.each<[QuestionName, Record<string, unknown>]>([
    ['timeseries', { interval: 'day' }],
    ['top', { field: 'country', events: ['page'] }],
    ['breakdown', { by: 'country', events: ['page'] }],
  ])('to %s is read from the roll-ups as far back as they are kept', async (name, input) => {
    const readFrom = async (from: string, rollupsDays?: number) => {
      const retention = rollupsDays === undefined ? {} : { rollupsDays }
      const answered = await createSetup().ask(parse(name, { ...input, from }, NOW, retention))
      return answered.ok && JSON.parse(answered.json).readFrom
    }
    expect(await readFrom('400d')).toBe('rollups')
    expect(await readFrom('29d', 30)).toBe('rollups')
    expect(await readFrom('31d', 30)).toBe('events')
  })

  it('to a measure has of the roll-ups what is left of them', async () => {
    const question = parse('timeseries', { metric: 'sum', of: 'measures.revenue', from: '90d' }, NOW, {
      rollupsDays: 30,
    })
    const answered = await createSetup().ask(question)
    expect(answered.ok && JSON.parse(answered.json)).toMatchObject({ readFrom: 'rollups' })
  })

  it('to people asks for the traits of a thousand of them, however long their ids are', async () => {
    const run = async ({ text }: ReadRequest) =>
      text.includes('min(timestamp)')
        ? Array.from({ length: 1_000 }, (_, index) => [
            `${index}`.padStart(36, 'ü'),
            ...['2026-11-20T10:00:00Z', '2026-11-21T10:00:00Z', 2, 1, [], 1, 99_999_999 - index],
          ])
        : text.includes('argMax')
          ? [['7'.padStart(36, 'ü'), '{"plan":"pro"}']]
          : []
    const answered = await createSetup({ run }).ask(parse('people', { limit: 1_000 }))
    const { columns, rows } = JSON.parse(answered.ok ? answered.json : '{}')
    expect([rows.length, rows[7].length]).toEqual([1_000, columns.length])
    expect([rows[7].at(-1), rows[8].at(-1)]).toEqual([{ plan: 'pro' }, null])
  })

  it('of another question is another', async () => {
    const { ask, asked } = createSetup()
    await Promise.all(
      [parse('top', TOP), parse('top', { ...TOP, limit: 11 }), parse('breakdown', { by: ['country'] })].map(
        (q) => ask(q),
      ),
    )
    expect(asked()).toHaveLength(3)
  })

  it('needs no cache, nor one that works', async () => {
    const broken = () => Promise.reject(new Error('no cache here'))
    const logged: unknown[] = []
    const cache = createAnswerCache({ match: broken, put: broken }, (record) => void logged.push(record))
    for (const effects of [{ cache }, { cache: undefined }]) {
      const { ask, settle } = createSetup(effects)
      expect(await ask(parse('top', TOP))).toMatchObject({ ok: true, cache: 'miss' })
      await settle()
    }
    expect(logged).toHaveLength(2)
  })
})

describe('a refusal', () => {
  it('comes when the quota is used up, except where there is none', async () => {
    const limiter = { limit: async () => ({ success: false }) }
    const { ask, asked } = createSetup({ limiter })
    expect(await ask(parse('top', TOP))).toMatchObject({
      status: 429,
      code: 'rate_limited',
      retryAfterSeconds: 10,
    })
    expect(asked()).toEqual([])
    expect(await ask(parse('top', TOP), { isLimited: false })).toMatchObject({ ok: true })
  })

  it.each([
    [{ code: '159', type: 'TIMEOUT_EXCEEDED' }, 422, 'question_too_heavy', 'ask of a shorter range'],
    [{ code: '62', type: 'SYNTAX_ERROR' }, 500, 'internal_error', 'on our side'],
    [new TypeError('fetch failed'), 503, 'temporarily_unavailable', 'does not answer'],
  ])('of %j says what to do, and nothing of the statement', async (error, status, code, message) => {
    const run = () => Promise.reject(error)
    const { ask, logged } = createSetup({ run })
    const answered = await ask(parse('top', TOP))
    expect(answered).toMatchObject({ status, code, message: expect.stringContaining(message) })
    expect(JSON.stringify([answered, logged])).not.toMatch(/select|country/i)
  })

  it('is not kept', async () => {
    let isAway = true
    const warehouse = createFakeWarehouse(rowsOf)
    const run = (request: ReadRequest) =>
      isAway ? Promise.reject(new TypeError('away')) : warehouse.run(request)
    const { ask } = createSetup({ run })
    expect(await ask(parse('top', TOP))).toMatchObject({ status: 503, retryAfterSeconds: 5 })
    isAway = false
    expect(await ask(parse('top', TOP))).toMatchObject({ ok: true })
  })
})
