/** An answer of the question `books` for tests. */

import type { Answer } from '../query/ask.ts'

/** Whose books close; 2 of 7 missing numbers were dropped by their client. */
export const TOTALS = {
  ...{ closes: true, explained: 1 },
  ...{ received: 12_345, accepted: 12_300, quarantined: 30, filtered: 10, refused: 5 },
  ...{ stored: 12_240, duplicates: 44, notStorable: 2, forgotten: 0, inFlight: 14 },
  ...{ spilled: 4, dead: 1, missing: 0 },
  quarantinedBy: { missing_field: 2, plan_violation: 28 },
  filteredBy: { bot: 10 },
  refusedRequests: { rate_limited: 8, invalid_json: 4 },
  ledger: { closes: true, upTo: '2026-11-22T10:07:00.000Z' },
  lake: { closes: true, equal: 22, waiting: 1, differs: 0 },
  live: { closes: true, windows: 8_560, differs: 0 },
  gaps: {
    streams: 2,
    missing: 7,
    undeclared: 5,
    open: 1,
    dropped: 2,
    droppedBy: { refused: 2 },
    tailsUnknown: 1,
  },
}

const BUCKETS = ['2026-11-22T08:00:00Z', '2026-11-22T09:00:00Z']

/** The answer of {@link TOTALS}, or of others. */
export function answerOf(totals: Record<string, unknown> = {}): Answer {
  const all: Record<string, unknown> = { ...TOTALS, ...totals }
  const terms = Object.entries(all).filter(([, value]) => typeof value === 'number')
  return {
    question: { name: 'books', from: '2026-11-21T10:00:00.000Z', to: '2026-11-22T10:10:00.000Z' },
    asOf: '2026-11-22T10:07:30.000Z',
    readFrom: 'ledger',
    freshness: null,
    totals: all,
    buckets: BUCKETS,
    series: terms.map(([name, value]) => ({ name, values: [0, value] })),
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
        'b6f1c2d34e5a9078',
        6,
        [
          [3, 7],
          [12, 12],
        ],
        2,
        { refused: 2 },
        40,
        'unknown',
        'settled',
        '2026-11-22T09:10:00.000Z',
      ],
      ['0a\u001b[2J', 1, [[2, 2]], 0, {}, 3, 'known', 'open', '2026-11-22T10:06:00.000Z'],
    ],
  }
}
