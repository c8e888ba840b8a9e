/** What the question `books` asks beside the ledger itself: reasons, gaps, and whether lake and live windows agree. */

import { bind, type Sql, sql } from '@millrace/schemas/sql'
import type { LakeFacts, LiveFacts } from '../books/verdict.ts'
import type { Ask, Cell } from './question.ts'
import {
  FROM_LEDGER_RUNS,
  fromFiltered,
  fromGaps,
  fromLakeComparison,
  fromLiveCompared,
  fromLiveDifferences,
  fromQuarantine,
  type Span,
} from './relations.ts'

/** How far the ledger is, by the clock of ClickHouse; `upTo` is `undefined` when its job never ran. */
export async function readLedgerFreshness(ask: Ask): Promise<{ upTo: number | undefined; now: number }> {
  const [row] = await ask(
    sql`SELECT toUnixTimestamp64Milli(up_to), toUnixTimestamp64Milli(now64(3)) ${FROM_LEDGER_RUNS}`,
  )
  return row === undefined ? { upTo: undefined, now: 0 } : { upTo: Number(row[0]), now: Number(row[1]) }
}

/** Events of the quarantine and filtered ones, each once, by reason. */
export async function readReasons(
  ask: Ask,
  span: Span,
): Promise<{ quarantinedBy: Record<string, number>; filteredBy: Record<string, number> }> {
  const byReason = async (from: Sql) => {
    const rows = await ask(sql`SELECT reason, count() ${from} GROUP BY reason ORDER BY count() DESC, reason`)
    return Object.fromEntries(rows.map(([reason, count]) => [String(reason), Number(count)]))
  }
  const [quarantinedBy, filteredBy] = await Promise.all([
    byReason(fromQuarantine(span)),
    byReason(fromFiltered(span)),
  ])
  return { quarantinedBy, filteredBy }
}

/** Columns of a list of streams. */
const GAP_COLUMNS = [
  'stream',
  'missing',
  'ranges',
  'dropped',
  'droppedBy',
  'highest',
  'tail',
  'state',
  'firstReceivedAt',
  'lastReceivedAt',
]

/** Numbers that a client gave and that never came: over all streams, and the streams that lack most. */
export async function readGaps(
  ask: Ask,
  span: Span,
  limit: number,
): Promise<{ totals: Record<string, Cell>; columns: string[]; rows: Cell[][] }> {
  const [totals, rows] = await Promise.all([
    ask(sql`SELECT countIf(missing > 0), sum(missing), sum(missing - least(missing, dropped)), sumIf(missing - least(missing, dropped), state = 'open'), sum(dropped), sumMap(dropped_by), countIf(tail = 'unknown')
${fromGaps(span)}`),
    ask(sql`SELECT stream, missing, arrayMap(range -> [range.1, range.2], missing_ranges), dropped, dropped_by, highest, tail, state, first_received_at, last_received_at
${fromGaps(span)}
ORDER BY missing - least(missing, dropped) DESC, missing DESC, dropped DESC, stream LIMIT ${bind('UInt32', limit)}`),
  ])
  const [streams = 0, missing = 0, undeclared = 0, open = 0, dropped = 0, droppedBy = {}, tailsUnknown = 0] =
    totals[0] ?? []
  return {
    totals: { streams, missing, undeclared, open, dropped, droppedBy, tailsUnknown },
    columns: GAP_COLUMNS,
    rows,
  }
}

/** Whether lake and live windows have what the warehouse has. */
export async function readComparisons(ask: Ask, span: Span): Promise<{ lake: LakeFacts; live: LiveFacts }> {
  const [[lake = []], [differences = []], [windows = []]] = await Promise.all([
    ask(sql`SELECT countIf(status = 'equal'), countIf(status = 'waiting'), countIf(status = 'differs')
${fromLakeComparison(span)}`),
    ask(sql`SELECT uniqExact(minute) ${fromLiveDifferences(span)}`),
    ask(
      sql`SELECT uniqExact(window_start) ${fromLiveCompared(span)} AND window_start >= now() - INTERVAL 1 DAY AND window_start < now() - INTERVAL 11 MINUTE`,
    ),
  ])
  const [equal, waiting, differs] = lake.map(Number)
  return {
    lake: { equal: equal ?? 0, waiting: waiting ?? 0, differs: differs ?? 0 },
    live: { windows: Number(windows[0] ?? 0), differs: Number(differences[0] ?? 0) },
  }
}
