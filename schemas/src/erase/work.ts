/**
 * What must be computed anew once events are erased, as rows of `recompute_work`: their minutes, and the sessions and
 * devices that they shared with events that stay. No id that is erased itself is among them.
 */

import { forgottenHashSql } from '../forgotten.ts'
import type { ErasedEvent } from './events.ts'
import { type EraseStatements, inChunks } from './statements.ts'

/** A row of `recompute_work`; times in milliseconds since 1970. */
export interface WorkRow {
  kind: 'minute' | 'session' | 'visitor' | 'anonymous' | 'known'
  id: string
  from: number
  to: number
  detail: string
}

/** What follows from erasing events. */
export interface ErasureWork {
  rows: WorkRow[]
  /** Hashes of the sessions that the events were part of; their rows go, to be computed anew from what stays. */
  sessions: string[]
}

const MINUTE_MS = 60_000

interface SessionRow {
  session_id: string
  hash: string
  visitor_id: string
  started_at: string
  ended_at: string
  chain_from: string
  chain_to: string
}

const SESSION_COLUMNS = ['started_at', 'ended_at', 'chain_from', 'chain_to']
  .map((column) => `toString(toUnixTimestamp64Milli(s.${column})) AS ${column}`)
  .join(', ')

const SESSIONS = `
SELECT session_id, ${forgottenHashSql('session', 'session_id')} AS hash, visitor_id, ${SESSION_COLUMNS}
FROM sessions AS s FINAL
WHERE source = {source:String} AND @`

const CLIENT_SESSIONS = SESSIONS.replace('@', 'is_client_session AND session_id IN {ids:Array(String)}')
const GAP_SESSIONS = SESSIONS.replace('@', 'NOT is_client_session AND visitor_id IN {ids:Array(String)}')

/** Minutes of every copy that ever came: one may have been counted before another took its place. */
const MINUTES = `
SELECT DISTINCT toString(toUnixTimestamp(minute)) AS minute FROM arrivals
WHERE source = {source:String} AND key IN {keys:Array(UInt64)}`

/** Reads what follows. To be read before anything is erased. */
export async function planWork(
  statements: EraseStatements,
  source: string,
  events: readonly ErasedEvent[],
  chunkSize: number,
): Promise<ErasureWork> {
  const readAll = async <Row>(query: string, name: string, values: Iterable<unknown>): Promise<Row[]> => {
    const rows: Row[] = []
    for (const some of inChunks([...values], chunkSize)) {
      rows.push(...(await statements.read<Row>(query, { source, [name]: some })))
    }
    return rows
  }
  const minutes = new Set(events.map(({ at }) => startOfMinute(Number(at))))
  const keys = new Set(events.map(({ key }) => BigInt(key)))
  for (const { minute } of await readAll<{ minute: string }>(MINUTES, 'keys', keys)) {
    minutes.add(Number(minute) * 1_000)
  }
  const timesBySession = timesBy(events, ({ session }) => session)
  const timesByVisitor = timesBy(events, ({ visitor }) => visitor)
  const clientRows = await readAll<SessionRow>(CLIENT_SESSIONS, 'ids', timesBySession.keys())
  const gapRows = (await readAll<SessionRow>(GAP_SESSIONS, 'ids', timesByVisitor.keys())).filter((row) =>
    timesByVisitor
      .get(row.visitor_id)
      ?.some((at) => at >= Number(row.started_at) && at <= Number(row.ended_at)),
  )
  const devices = new Set(events.map(({ device }) => device).filter((id) => id !== ''))
  return {
    rows: [
      ...[...minutes].map((at) => ({ kind: 'minute' as const, id: '', from: at, to: at, detail: '' })),
      ...ranges('session', timesBySession, clientRows, 'session_id'),
      ...ranges('visitor', timesByVisitor, gapRows, 'visitor_id'),
      ...[...devices].map((id) => ({ kind: 'anonymous' as const, id, from: 0, to: 0, detail: 'erased' })),
      ...gapRows.map((row) => ({
        kind: 'known' as const,
        id: row.session_id,
        from: Number(row.started_at),
        to: Number(row.ended_at),
        detail: row.visitor_id,
      })),
    ],
    sessions: [...new Set([...clientRows, ...gapRows].map(({ hash }) => hash))],
  }
}

const INSERT_WORK = `
INSERT INTO recompute_work (run, kind, source, id, from_time, to_time, detail, day)
SELECT {run:String}, item.1, {source:String}, item.2, fromUnixTimestamp64Milli(item.3, 'UTC'), fromUnixTimestamp64Milli(item.4, 'UTC'), item.5, today() + {keepDays:UInt16}
FROM (
  SELECT arrayJoin(arrayZip({kinds:Array(String)}, {ids:Array(String)}, {froms:Array(Int64)}, {tos:Array(Int64)}, {details:Array(String)})) AS item
)`

/** Where work is written to. */
export interface WorkTarget {
  run: string
  source: string
  /** How long it is kept beyond the two days of all work. Default 0. */
  keepDays?: number
  /** Rows of one statement. */
  chunkSize: number
}

/** Writes it. Twice is the same as once. */
export async function writeWork(
  { run }: EraseStatements,
  target: WorkTarget,
  rows: readonly WorkRow[],
): Promise<void> {
  const { chunkSize, keepDays = 0, run: id, source } = target
  for (const some of inChunks(rows, chunkSize)) {
    await run(INSERT_WORK, {
      run: id,
      source,
      keepDays,
      kinds: some.map(({ kind }) => kind),
      ids: some.map((row) => row.id),
      froms: some.map(({ from }) => from),
      tos: some.map(({ to }) => to),
      details: some.map(({ detail }) => detail),
    })
  }
}

function startOfMinute(at: number): number {
  return Math.floor(at / MINUTE_MS) * MINUTE_MS
}

/** Times of the events of each key that is not empty. */
function timesBy(
  events: readonly ErasedEvent[],
  keyOf: (event: ErasedEvent) => string,
): Map<string, number[]> {
  const times = new Map<string, number[]>()
  for (const event of events) {
    const key = keyOf(event)
    if (key === '') continue
    const known = times.get(key)
    if (known === undefined) times.set(key, [Number(event.at)])
    else known.push(Number(event.at))
  }
  return times
}

/** One row a key: from the first to the last of its events, and of the sessions that they were part of. */
function ranges(
  kind: 'session' | 'visitor',
  times: ReadonlyMap<string, readonly number[]>,
  sessions: readonly SessionRow[],
  key: 'session_id' | 'visitor_id',
): WorkRow[] {
  const found = new Map([...times].map(([id, all]) => [id, rangeOf(all)]))
  for (const row of sessions) {
    const range = found.get(row[key])
    if (range === undefined) continue
    range.from = Math.min(range.from, Number(row.chain_from), Number(row.started_at))
    range.to = Math.max(range.to, Number(row.chain_to), Number(row.ended_at))
  }
  return [...found].map(([id, { from, to }]) => ({ kind, id, from, to, detail: '' }))
}

function rangeOf(times: readonly number[]): { from: number; to: number } {
  return times.reduce((range, at) => ({ from: Math.min(range.from, at), to: Math.max(range.to, at) }), {
    from: Number.POSITIVE_INFINITY,
    to: Number.NEGATIVE_INFINITY,
  })
}
