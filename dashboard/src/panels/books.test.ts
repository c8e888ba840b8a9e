import { describe, expect, it } from 'vitest'
import type { Answer } from '../query.ts'
import { readBooks } from './books.ts'

const TOTALS = {
  ...{ closes: true, explained: 1 },
  ...{ received: 1_204_512, accepted: 1_204_500, quarantined: 7, filtered: 3, refused: 2 },
  ...{ stored: 1_204_440, duplicates: 44, notStorable: 2, forgotten: 0, inFlight: 14, missing: 0 },
  ...{ quarantinedBy: { plan_violation: 7 }, filteredBy: {}, refusedRequests: { rate_limited: 1 } },
  ledger: { closes: true, upTo: '2026-11-22T10:07:00.000Z' },
  lake: { closes: true, equal: 22, waiting: 1, differs: 0 },
  live: { closes: null, windows: 0, differs: 0 },
  gaps: {
    streams: 1,
    missing: 7,
    undeclared: 5,
    open: 0,
    dropped: 2,
    droppedBy: { refused: 2 },
    tailsUnknown: 1,
  },
}

const NO_GAPS = { streams: 0, missing: 0, undeclared: 0, open: 0, dropped: 0, droppedBy: {}, tailsUnknown: 0 }

function read(totals: object = {}) {
  const answer = {
    ...{ question: {}, freshness: null, readFrom: 'ledger' },
    totals: { ...TOTALS, ...totals },
    buckets: ['2026-11-22T08:00:00Z', '2026-11-22T09:00:00Z'],
    series: [
      { name: 'received', values: [0, 12] },
      { name: 'stored', values: [0, 9] },
      { name: 'missing', values: [0, 1] },
    ],
    columns: [
      'stream',
      'missing',
      'ranges',
      'dropped',
      'droppedBy',
      'highest',
      'tail',
      'state',
      'lastReceivedAt',
    ],
    rows: [
      [
        's1',
        8,
        [
          [3, 9],
          [12, 12],
        ],
        2,
        { refused: 2 },
        40,
        'unknown',
        'settled',
        '2026-11-22T09:10:00.000Z',
      ],
    ],
  }
  return readBooks([answer as unknown as Answer], { kind: 'live' })
}

const verdictOf = (totals: object) => read(totals).model?.verdict

describe('books', () => {
  it('are a sum to the last event, without what is nothing, but always with what is missing', () => {
    const { model, basis } = read()
    expect(basis).toEqual({ state: 'stored', text: 'last 24 hours' })
    expect(model?.parts).toEqual([
      { count: 1_204_440, words: 'stored' },
      { count: 44, words: 'copies' },
      { count: 9, words: 'in quarantine' },
      { count: 3, words: 'left out on purpose' },
      { count: 2, words: 'in refused requests' },
      { count: 14, words: 'on their way' },
      { count: 0, words: 'missing' },
    ])
    expect(model?.parts.reduce((sum, { count }) => sum + count, 0)).toBe(model?.received)
    expect(model?.verdict).toEqual({
      kind: 'well',
      sentences: ['All 1,204,512 events received are explained.'],
    })
  })

  it('have a step for each bucket, and the stores', () => {
    const { model } = read()
    expect(model?.steps[1]).toEqual({
      time: Date.parse('2026-11-22T09:00Z'),
      received: 12,
      stored: 9,
      inFlight: 0,
      missing: 1,
    })
    expect(model?.stores).toEqual([
      'The lake has the same events in 22 hours; 1 hour not compared yet.',
      'Live windows were not compared: only closed ones of the last day are.',
    ])
    expect(model?.reasons.map(({ title }) => title)).toEqual(['In quarantine', 'Requests refused whole'])
  })

  it('do not close when something is missing, or another store differs', () => {
    const ledger = { ...TOTALS.ledger, closes: false }
    expect(verdictOf({ closes: false, missing: 1, ledger })).toEqual({
      kind: 'bad',
      sentences: ['1 event that we acknowledged is missing, and nothing explains it.'],
    })
    expect(verdictOf({ closes: false, ledger })?.sentences).toEqual([
      'The sums do not come out, which is a fault of ours.',
    ])
    const [lake, live] = [
      { ...TOTALS.lake, closes: false, differs: 2 },
      { closes: false, windows: 9, differs: 1 },
    ]
    expect(verdictOf({ closes: false, lake, live })).toEqual({
      kind: 'bad',
      sentences: [
        'The lake differs from the warehouse in 2 hours.',
        'Live windows differ from the warehouse in 1 minute.',
      ],
    })
  })

  it('are not known while their job is behind, and nothing where nothing was', () => {
    expect(verdictOf({ closes: null, ledger: { closes: null, upTo: null } })).toEqual({
      kind: 'unknown',
      sentences: ['Not known yet: the job that keeps the books never ran.'],
    })
    expect(read({ received: 0, gaps: NO_GAPS }).model).toBeUndefined()
    expect(read({ received: 0, gaps: NO_GAPS, closes: false }).model?.verdict.kind).toBe('bad')
    expect(readBooks([], { kind: 'live' }).model).toBeUndefined()
  })

  it.each<[string, object, string]>([
    [
      'declared in part',
      TOTALS.gaps,
      '7 events that clients numbered never came, of 1 stream. Clients say that they dropped 2. Nothing explains 5. Of 1 stream nobody knows whether more followed.',
    ],
    [
      'declared whole',
      { ...TOTALS.gaps, undeclared: 0, tailsUnknown: 0 },
      '7 events that clients numbered never came, of 1 stream. Clients say that they dropped 2. That explains all of them.',
    ],
    [
      'open',
      { ...TOTALS.gaps, dropped: 0, undeclared: 7, open: 3, tailsUnknown: 0 },
      '7 events that clients numbered have not come yet, of 1 stream. Nothing explains them, and 3 may still come.',
    ],
    ['none', NO_GAPS, 'No number is missing of the events that clients number.'],
  ])('tell gaps that are %s', (_what, gaps, text) => {
    expect(read({ gaps }).model?.gaps.join(' ')).toBe(text)
  })

  it('tell a stream with its ranges, and that its tail is unknown', () => {
    expect(read().model?.streams).toEqual([
      {
        ...{ stream: 's1', missing: '8: 3–9, 12', dropped: '2 refused', tail: 'unknown after 40' },
        lastReceivedAt: Date.parse('2026-11-22T09:10Z'),
      },
    ])
  })
})
