/** What the question `books` says of the shop that never was. */

import { wave } from './live-fixture-numbers.ts'

/** How its books are. */
export type FixtureBooks = 'close' | 'miss' | 'unknown' | 'nothing'

const HOUR_MS = 3_600_000

/** Hours that are told; the last one goes on. */
const HOURS = 25

type Account = Record<string, number>

const NO_GAPS = { streams: 0, missing: 0, undeclared: 0, open: 0, dropped: 0, droppedBy: {}, tailsUnknown: 0 }

const STREAMS = [
  [
    '5f0c8a91d27e4b65',
    7,
    [
      [3, 7],
      [12, 13],
    ],
    2,
    { refused: 2 },
    41,
    'unknown',
    'settled',
    3 * HOUR_MS,
  ],
  ['0b7d94c2e81f3a56', 1, [[18, 18]], 0, {}, 22, 'known', 'open', 120_000],
] as const

/** The answer, without what all have in common. */
export function answerBooks(books: FixtureBooks, now: number): object {
  const last = Math.floor(now / HOUR_MS) * HOUR_MS
  const times = Array.from({ length: HOURS }, (_, index) => last - (HOURS - 1 - index) * HOUR_MS)
  const accounts = times.map((time, index) => accountOf(books, time, HOURS - 1 - index))
  const terms = Object.keys(accounts[0] ?? {})
  const totalOf = (term: string) => accounts.reduce((sum, account) => sum + (account[term] ?? 0), 0)
  const isKnown = books !== 'unknown'
  const closes = isKnown ? books !== 'miss' : null
  const isNothing = books === 'nothing'
  const streams = isNothing ? [] : STREAMS.slice(0, books === 'miss' ? 1 : 2)
  return {
    readFrom: 'ledger',
    totals: {
      ...{ closes, explained: 1 },
      ...Object.fromEntries(terms.map((term) => [term, totalOf(term)])),
      quarantinedBy: isNothing ? {} : { plan_violation: totalOf('quarantined') - 9, missing_field: 9 },
      filteredBy: isNothing ? {} : { bot: totalOf('filtered') - 4, no_consent: 4 },
      refusedRequests: isNothing ? {} : { rate_limited: 8, invalid_json: 4 },
      ledger: { closes, upTo: new Date(now - (isKnown ? 40_000 : 2 * HOUR_MS)).toISOString() },
      lake: { closes: true, equal: 22, waiting: 2, differs: 0 },
      live: { closes: true, windows: 8_563, differs: 0 },
      gaps: isNothing
        ? NO_GAPS
        : {
            ...(books === 'miss'
              ? { streams: 1, missing: 7, undeclared: 5, open: 0 }
              : { streams: 2, missing: 8, undeclared: 6, open: 1 }),
            ...{ dropped: 2, droppedBy: { refused: 2 }, tailsUnknown: 1 },
          },
    },
    buckets: times.map((time) => new Date(time).toISOString().replace('.000', '')),
    series: terms.map((name) => ({ name, values: accounts.map((account) => account[name] ?? 0) })),
    columns: [
      ...['stream', 'missing', 'ranges', 'dropped', 'droppedBy', 'highest', 'tail', 'state'],
      'lastReceivedAt',
    ],
    rows: streams.map((stream) =>
      stream.map((cell, index) => (index === 8 ? new Date(now - Number(cell)).toISOString() : cell)),
    ),
  }
}

/** @param age in hours */
function accountOf(books: FixtureBooks, time: number, age: number): Account {
  const some = (count: number) => (books === 'nothing' ? 0 : count)
  const day = 0.35 + 0.65 * Math.sin((((time / HOUR_MS) % 24) / 24) * Math.PI) ** 2
  const accepted = some(Math.round(51_000 * day * wave(time, 'books') * (age === 0 ? 0.4 : 1)))
  const [quarantined, filtered, refused] = [some(12), some(140), some(age === 9 ? 25 : 0)]
  const [duplicates, inFlight] = [some(31), some(age === 0 ? 214 : 0)]
  const missing = books === 'miss' && age === 6 ? 3 : 0
  return {
    ...{ received: accepted + quarantined + filtered + refused, accepted, quarantined, filtered, refused },
    ...{ stored: accepted - duplicates - inFlight - missing, duplicates, notStorable: 0, forgotten: 0 },
    ...{ inFlight, spilled: 0, dead: 0, missing },
  }
}
