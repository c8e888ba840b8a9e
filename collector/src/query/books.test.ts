import { describe, expect, it } from 'vitest'
import { createAnswer } from './answer.ts'
import { createFakeWarehouse } from './fakes.ts'
import { parseQuestion } from './parse-question.ts'
import type { Cell } from './question.ts'
import type { ReadRequest } from './reader.ts'

const NOW = Date.parse('2026-11-22T10:07:30Z')
const seconds = (text: string) => Date.parse(text) / 1_000

const STREAM: Cell[] = [
  's1',
  7,
  [[3, 9]],
  2,
  { refused: 2 },
  40,
  'unknown',
  'settled',
  '2026-11-22T09:00:00Z',
  '2026-11-22T09:10:00Z',
]

/** Rows by what is asked for. */
function rowsOf({ text }: ReadRequest): Cell[][] {
  const answers: [pattern: string, rows: Cell[][]][] = [
    [
      'FROM ledger WHERE',
      [
        [seconds('2026-11-22T08:00:00Z'), { rate_limited: 1 }, 10, 10, 0, 0, 0, 9, 1],
        [
          seconds('2026-11-22T09:00:00Z'),
          { rate_limited: 2, invalid_json: 1 },
          20,
          15,
          3,
          1,
          1,
          12,
          0,
          0,
          0,
          3,
          2,
        ],
      ],
    ],
    ["job = 'ledger'", [[NOW - 30_000, NOW]]],
    ['FROM quarantine', [['plan_violation', 2]]],
    ['FROM omitted', [['bot', 1]]],
    ['SELECT countIf(missing', [[1, 7, 5, 0, 2, { refused: 2 }, 1]]],
    ['SELECT stream', [STREAM]],
    ['FROM lake_reconciliations', [[3, 1, 0]]],
    ['FROM live_differences', [[0]]],
    ['FROM live_windows', [[55]]],
  ]
  return answers.find(([pattern]) => text.includes(pattern))?.[1] ?? []
}

async function ask(input: Record<string, unknown>, rows = rowsOf) {
  const warehouse = createFakeWarehouse(rows)
  const answer = createAnswer({ run: warehouse.run, database: 'millrace', now: () => NOW, log: () => {} })
  const question = parseQuestion('books', input, NOW)
  if (!question.ok) throw new Error(question.message)
  const answered = await answer(question, { source: 'shop', isLimited: false, waitUntil: () => {} })
  return { found: answered.ok ? JSON.parse(answered.json) : answered, requests: warehouse.requests, question }
}

describe('the question books', () => {
  it('adds the hours up, and tells reasons, codes, gaps, and whether the stores agree', async () => {
    const { found } = await ask({ from: '3h' })
    expect(found.totals).toEqual({
      ...{ closes: true, explained: 1 },
      ...{ received: 30, accepted: 25, quarantined: 3, filtered: 1, refused: 1 },
      ...{
        stored: 21,
        duplicates: 1,
        notStorable: 0,
        forgotten: 0,
        inFlight: 3,
        spilled: 2,
        dead: 0,
        missing: 0,
      },
      quarantinedBy: { plan_violation: 2 },
      filteredBy: { bot: 1 },
      refusedRequests: { rate_limited: 3, invalid_json: 1 },
      ledger: { closes: true, upTo: '2026-11-22T10:07:00.000Z' },
      lake: { closes: true, equal: 3, waiting: 1, differs: 0 },
      live: { closes: true, windows: 55, differs: 0 },
      gaps: {
        streams: 1,
        missing: 7,
        undeclared: 5,
        open: 0,
        dropped: 2,
        droppedBy: { refused: 2 },
        tailsUnknown: 1,
      },
    })
    expect([found.columns.slice(0, 3), found.rows]).toEqual([['stream', 'missing', 'ranges'], [STREAM]])
    expect(found.readFrom).toBe('ledger')
  })

  it('has every hour as a bucket, 0 where nothing was', async () => {
    const { found } = await ask({ from: '3h' })
    expect(found.buckets).toEqual(['07', '08', '09', '10'].map((hour) => `2026-11-22T${hour}:00:00Z`))
    const received = found.series.find(({ name }: { name: string }) => name === 'received')
    expect(received).toEqual({ name: 'received', total: 30, values: [0, 10, 20, 0] })
  })

  it.each([
    [{ from: '24h' }, 'hour', 25],
    [{ from: '7d' }, 'day', 8],
    [{ from: '7d', interval: 'hour' }, 'hour', 169],
    [{ from: '2d', interval: 'day', timeZone: 'Asia/Kolkata' }, 'day', 3],
  ])('%j is told by the %s', async (input, interval, count) => {
    const { found } = await ask(input)
    expect([found.question.interval, found.buckets.length]).toEqual([interval, count])
  })

  it('is asked anew after a minute, reads whole hours, and as many streams as are wanted', async () => {
    const { question, requests } = await ask({
      from: '2026-11-01T10:30Z',
      to: '2026-11-02',
      interval: 'hour',
      limit: '3',
    })
    expect(question.range).toMatchObject({ from: Date.parse('2026-11-01T10:00Z'), ttlSeconds: 60 })
    const list = requests.find(({ text }) => text.includes('SELECT stream'))
    expect(Object.values(list?.parameters ?? {})).toContain(3)
  })

  it('counts live windows, of which each has rows for its groups and versions', async () => {
    const { requests } = await ask({ from: '3h' })
    const windows = requests.find(({ text }) => text.includes('FROM live_windows'))
    expect(windows?.text).toContain('SELECT uniqExact(window_start) FROM')
  })

  it('does not know while the job of the ledger never ran', async () => {
    const { found } = await ask({ from: '3h' }, (request) =>
      request.text.includes("job = 'ledger'") ? [] : rowsOf(request),
    )
    expect(found.totals).toMatchObject({ closes: null, ledger: { closes: null, upTo: null } })
  })

  it('refuses other intervals, and more hours than an answer has room for', () => {
    const mistakes = [{ interval: 'minute' }, { from: '365d', interval: 'hour' }].map((input) =>
      parseQuestion('books', input, NOW),
    )
    expect(mistakes).toMatchObject([
      { ok: false, path: 'interval' },
      { ok: false, path: 'interval' },
    ])
  })
})
