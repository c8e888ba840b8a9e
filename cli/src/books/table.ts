/** The books by hour or day, as a table whose columns add up to the first one. */

import type { Account } from '@millrace/schemas/books'
import type { Books } from './books.ts'
import { numberOf } from './words.ts'

const COLUMNS: readonly (readonly [heading: string, value: (account: Account) => number])[] = [
  ['received', ({ received }) => received],
  ['stored', ({ stored }) => stored],
  ['copies', ({ duplicates }) => duplicates],
  ['not taken', ({ quarantined, filtered, refused }) => quarantined + filtered + refused],
  ['other', ({ notStorable, forgotten }) => notStorable + forgotten],
  ['on way', ({ inFlight }) => inFlight],
  ['missing', ({ missing }) => missing],
]

/** One line for each in which something was received. */
export function bucketLines(buckets: Books['buckets']): string[] {
  const busy = buckets.filter(({ account }) => account.received > 0)
  if (busy.length === 0) return []
  const rows = busy.map(({ name, account }) => [
    shortName(name),
    ...COLUMNS.map(([, value]) => numberOf(value(account))),
  ])
  const lines = [['UTC', ...COLUMNS.map(([heading]) => heading)], ...rows]
  const widths =
    lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? []
  return [
    ...lines.map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    ),
    'received = stored + copies + not taken + other + on way + missing',
    ...(busy.length < buckets.length ? ['Times in which nothing was received are left out.'] : []),
  ]
}

/** `11-22 09:00` of an hour, whose year stands above; a day as it is. */
function shortName(bucket: string): string {
  return bucket.length > 10 ? bucket.slice(5, 16).replace('T', ' ') : bucket
}
