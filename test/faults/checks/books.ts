/**
 * The books of the collectors, closed by hand: every request that a book says was acknowledged has the rows of its envelopes, and
 * these have as many events as it says.
 */

import type { Row } from '@millrace/schemas/native'
import type { FullWorld } from '../world/create-world.ts'
import type { Stored } from './stored.ts'

/** Events by the books. */
export interface BooksVerdict {
  received: number
  explained: number
  problems: string[]
}

const KINDS = ['accepted', 'quarantined', 'filtered'] as const

/** Compares what books say with what is stored. */
export function checkBooks({ clickHouse }: FullWorld, source: string, stored: Stored): BooksVerdict {
  const rows = clickHouse.rows('receipts').filter((row) => row['source'] === source)
  const verdict: BooksVerdict = { received: 0, explained: 0, problems: [] }
  for (const [book, receipts] of Map.groupBy(rows, (row) => String(row['book']))) {
    const byNumber = Map.groupBy(receipts, (row) => Number(row['number']))
    const last = receipts.reduce((a, b) => (Number(b['number']) > Number(a['number']) ? b : a))
    const settled = Math.max(...receipts.map((row) => Number(row['settled'])))
    const failed = failedNumbers(receipts)
    const received = totalOf(last, 'before') + totalOf(last, 'own')
    let explained = 0
    let before = { number: 0, total: 0 }
    for (const [number, found] of [...byNumber].sort(([a], [b]) => a - b)) {
      const [first] = found as [Row]
      const between = {
        from: before.number + 1,
        to: number - 1,
        events: totalOf(first, 'before') - before.total,
      }
      explained += explainGap(between, failed, settled, verdict.problems, book)
      explained += explain(found, stored, verdict.problems, `request ${number} of book ${book}`)
      before = { number, total: totalOf(first, 'before') + totalOf(first, 'own') }
    }
    verdict.received += received
    verdict.explained += explained
    if (explained !== received)
      verdict.problems.push(`book ${book} received ${received} events, ${explained} are explained`)
  }
  return verdict
}

function totalOf(row: Row, prefix: string): number {
  return KINDS.reduce((sum, kind) => sum + Number(row[`${prefix}_${kind}`]), 0)
}

/** Numbers that neither queue nor bucket took, and their events. */
function failedNumbers(receipts: readonly Row[]): Map<number, number> {
  const failed = new Map<number, number>()
  for (const row of receipts) {
    const numbers = row['failed'] as unknown as number[]
    numbers.forEach((number, at) => {
      const counts = KINDS.map((kind) => (row[`failed_${kind}`] as unknown as number[])[at] ?? 0)
      failed.set(
        number,
        counts.reduce((sum, count) => sum + count, 0),
      )
    })
  }
  return failed
}

/**
 * Events of requests without a receipt between two that have one: those that failed, of which the client was told, and those that
 * were under way when the isolate died, of which nobody was told anything.
 */
function explainGap(
  { from, to, events }: { from: number; to: number; events: number },
  failed: ReadonlyMap<number, number>,
  settled: number,
  problems: string[],
  book: string,
): number {
  let told = 0
  let isCutOff = false
  for (let number = from; number <= to; number++) {
    const count = failed.get(number)
    told += count ?? 0
    if (count === undefined && number >= settled) isCutOff = true
    else if (count === undefined) {
      problems.push(`request ${number} of book ${book} was acknowledged and is missing`)
      return told
    }
  }
  return isCutOff ? events : told
}

/** Events of a request whose rows are there. */
function explain(found: readonly Row[], stored: Stored, problems: string[], what: string): number {
  const [first] = found
  const own = totalOf(first as Row, 'own')
  // Parts may come more than once.
  const parts = new Map(found.map((row) => [Number(row['part']), row]))
  const counted = [...parts.values()].reduce(
    (sum, row) => sum + KINDS.reduce((n, kind) => n + Number(row[kind]), 0) + Number(row['repeated'] ?? 0),
    0,
  )
  const missing = [...parts.values()].flatMap((row) =>
    (row['ids'] as unknown as string[]).filter((id) => !stored.explains(id)),
  )
  if (missing.length > 0)
    problems.push(`${what} has ${missing.length} events that are nowhere: ${missing.slice(0, 3).join(' ')}`)
  if (counted !== own) problems.push(`${what} says ${own} events, its parts have ${counted}`)
  return own - missing.length
}
