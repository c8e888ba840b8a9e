/**
 * Sends refused events to the collector again, under the tracking plan as it is now, with their own ids and times. It may
 * be run as often as one likes: what is stored already is not sent, and what is sent twice is stored once.
 */

import { ClickHouseFailure, type QueryRows } from '../clickhouse.ts'
import { FILTER_SQL, filterParameters, type QuarantineFilter } from './filter.ts'
import { type ReplayAnswer, ReplayFailure } from './post.ts'
import { encodeReplayEvent, type ReplayRow } from './replay-event.ts'

/** Most events of one request. Source: the collector's replay route. */
const MAX_BATCH_EVENTS = 100

/** Most bytes of one request; a single event with its context quoted is under 200 KB. */
const MAX_BATCH_BYTES = 400 * 1024

/** Rows that are read at once: at most 64 KB each. */
const PAGE_ROWS = 200

/** Options of {@link replayQuarantine}. */
export interface ReplayOptions {
  filter: QuarantineFilter
  query: QueryRows
  /** Sends one body and resolves with the answer; absent in a dry run. See `createPoster`. */
  post?: ((body: string) => Promise<ReplayAnswer>) | undefined
  signal: AbortSignal
}

/** Why a replay ended early. */
export interface Stopped {
  reason: 'interrupted' | 'failed'
  message: string
}

/** The books of a replay. Without `stopped`, `found` is the sum of all the others. */
export interface ReplayReport {
  isDryRun: boolean
  /** Rows that the filter is about. */
  found: number
  /** Stored already under the same id; not sent. */
  stored: number
  /**
   * The quarantine does not have them as they were sent, but the start of the text, or what the rules of the source made
   * of it, which the collector would apply a second time (`not_storable`); not sent.
   */
  altered: number
  /** Would be sent; only in a dry run. */
  sendable: number
  /** Taken by the collector. */
  accepted: number
  /** Refused again: `quarantined: plan_violation`, to how many. */
  refused: Record<string, number>
  /** Absent when all rows were read and answered. */
  stopped?: Stopped
}

const STORED_QUERY = `
SELECT DISTINCT message_id FROM events
WHERE source = {source:String} AND message_id IN (SELECT message_id FROM quarantine WHERE ${FILTER_SQL})`

// In the order of the sorting key, so that a page is found where the one before ended.
const PAGE_QUERY = `
SELECT
  message_id, type, raw, (raw_bytes > length(raw) OR reason = 'not_storable') AS is_altered,
  received_at, sent_at, batch_id, stream, seq, route, context, integrations, user_agent, request, anonymous_id, client_anonymous_id
FROM quarantine FINAL
WHERE ${FILTER_SQL} AND message_id > {after:String}
ORDER BY message_id
LIMIT {limit:UInt32}`

/** Replays and resolves with the books, whatever happened on the way. */
export async function replayQuarantine({
  filter,
  query,
  post,
  signal,
}: ReplayOptions): Promise<ReplayReport> {
  const report: ReplayReport = {
    isDryRun: post === undefined,
    found: 0,
    stored: 0,
    altered: 0,
    sendable: 0,
    accepted: 0,
    refused: {},
  }
  try {
    const storedIds = await readStoredIds(query, filter)
    for await (const batch of cutIntoBatches(selectEvents(readRows(query, filter), storedIds, report))) {
      signal.throwIfAborted()
      if (post === undefined) report.sendable += batch.length
      else count(report, await post(`{"events":[${batch.join(',')}]}`))
    }
  } catch (error) {
    report.stopped = explain(error, signal)
  }
  return report
}

async function readStoredIds(query: QueryRows, filter: QuarantineFilter): Promise<ReadonlySet<string>> {
  const rows = await query<{ message_id: string }>(STORED_QUERY, filterParameters(filter))
  return new Set(rows.map(({ message_id }) => message_id))
}

async function* readRows(query: QueryRows, filter: QuarantineFilter): AsyncGenerator<ReplayRow> {
  let after = ''
  while (true) {
    const parameters = { ...filterParameters(filter), after, limit: PAGE_ROWS }
    const rows = await query<ReplayRow>(PAGE_QUERY, parameters)
    yield* rows
    if (rows.length < PAGE_ROWS) return
    after = rows.at(-1)?.message_id ?? ''
  }
}

/** JSON texts of the rows that can be sent; the others are counted. */
async function* selectEvents(
  rows: AsyncIterable<ReplayRow>,
  storedIds: ReadonlySet<string>,
  report: ReplayReport,
): AsyncGenerator<string> {
  for await (const row of rows) {
    report.found += 1
    if (storedIds.has(row.message_id)) report.stored += 1
    else if (Number(row.is_altered) === 1) report.altered += 1
    else yield encodeReplayEvent(row)
  }
}

async function* cutIntoBatches(texts: AsyncIterable<string>): AsyncGenerator<string[]> {
  let batch: string[] = []
  let bytes = 0
  for await (const text of texts) {
    const size = Buffer.byteLength(text) + 1
    if (batch.length === MAX_BATCH_EVENTS || (batch.length > 0 && bytes + size > MAX_BATCH_BYTES)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(text)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

function count(report: ReplayReport, { accepted, receipts }: ReplayAnswer): void {
  report.accepted += accepted
  for (const { status, reason } of receipts) {
    const key = `${status}: ${reason}`
    report.refused[key] = (report.refused[key] ?? 0) + 1
  }
}

function explain(error: unknown, signal: AbortSignal): Stopped {
  if (signal.aborted) return { reason: 'interrupted', message: 'interrupted' }
  if (!(error instanceof ClickHouseFailure) && !(error instanceof ReplayFailure)) throw error
  return { reason: 'failed', message: error.message }
}
