/**
 * Which rows of which table are erased, counted and deleted by hashes: the text of a deletion stays in `system.mutations`,
 * and in a cluster in its queue, so no id may stand in it.
 */

import { forgottenHashSql } from '../forgotten.ts'
import type { ErasedEvent } from './events.ts'
import { type EraseStatements, inChunks, type Places } from './statements.ts'

/** What is erased of one source. */
export interface Erasure {
  source: string
  /** {@link forgottenHash} of ids of the kinds `user` and `anonymous`. */
  ids: readonly string[]
  events: readonly ErasedEvent[]
  /** Hashes of sessions whose rows go. */
  sessions: readonly string[]
  /** Hashes, ids and keys of one statement. */
  chunkSize: number
}

/** Rows by table, where there are any. */
export type RowCounts = Record<string, number>

interface Step {
  table: string
  condition: string
  /** What is set in the rows, which stay. Without it they go. */
  set?: string
  /** What is written of the rows before they go: without it, columns and query of an insert. */
  trace?: { into: string; select: string }
  /** Parameters of each statement. */
  chunks: (erasure: Erasure) => Record<string, unknown>[]
}

const HASHES = '{hashes:Array(String)}'

/** A person or a device: an id whose kind the column does not tell. */
const either = (column: string) => `(${of('user', column)} OR ${of('anonymous', column)})`
const of = (kind: 'user' | 'anonymous' | 'message' | 'session', column: string) =>
  `${forgottenHashSql(kind, column)} IN ${HASHES}`

/**
 * Ids that a text of JSON names, which may be cut off: the text of a refused event. Numbers count as their digits, as in
 * an event that is accepted.
 */
export const NAMED_IDS = `arrayMap(
  text -> if(startsWith(text, '"'), JSONExtractString(text), text),
  extractAll(concat(raw, '\\n', context), '"(?:userId|anonymousId|previousId|user_id|anonymous_id)"\\\\s*:\\\\s*("(?:[^"\\\\\\\\]|\\\\\\\\.)*"|-?[0-9][0-9.eE+-]*)')
)`

/** A value of the lists that are columns' values: the array `tops` of a live window by name. */
const isTopOfPerson = (top: string) => either(`tupleElement(${top}, 'value')`)

const byIds = ({ ids, chunkSize }: Erasure) => inChunks(ids, chunkSize).map((hashes) => ({ hashes }))

const byMessages = ({ events, chunkSize }: Erasure) => {
  const hourOf = new Map(events.map(({ hash, hour }) => [hash, hour]))
  const ordered = [...hourOf].sort(([, a], [, b]) => (a < b ? -1 : Number(a > b)))
  return inChunks(ordered, chunkSize).map((some) => ({
    hashes: some.map(([hash]) => hash),
    hours: [...new Set(some.map(([, hour]) => hour))],
  }))
}

/**
 * As what comes of them afterwards is: that there was an event, and nothing of it. The books would miss it otherwise. It is kept
 * from now on, because the event may be older than the rows of its table are kept; and no copy that was left out, before or
 * after, takes its place.
 */
const TRACE = {
  into: 'omitted (source, message_id, status, reason, received_at, stream, seq, batch_id, batch_index, route, copy_rank)',
  select:
    "source, message_id, 'filtered', 'forgotten', now64(3), stream, seq, '', 0, route, 18446744073709551615",
}

/** Events last: until then they lead whoever is cut off to the rest again. */
const STEPS: readonly Step[] = [
  { table: 'corrected_events', condition: of('message', 'message_id'), chunks: byMessages },
  {
    table: 'corrections',
    condition: `(${of('message', 'target_id')} OR ${of('message', 'message_id')})`,
    chunks: byMessages,
  },
  {
    table: 'arrivals',
    condition: 'key IN {keys:Array(UInt64)}',
    chunks: ({ events, chunkSize }) =>
      inChunks([...new Set(events.map(({ key }) => key))], chunkSize).map((keys) => ({
        // As numbers: the text of one would be quoted in a list.
        keys: keys.map(BigInt),
      })),
  },
  {
    table: 'quarantine',
    condition: `(${of('anonymous', 'anonymous_id')} OR ${of('anonymous', 'client_anonymous_id')} OR arrayExists(id -> ${either('id')}, ${NAMED_IDS}))`,
    trace: TRACE,
    chunks: byIds,
  },
  {
    table: 'sessions',
    // A visitor without an anonymous id goes by the user's; a person whom nobody knows, by the visitor's.
    condition: `(
      ${of('user', 'user_id')}
      OR if(user_id = '' AND person_id = visitor_id, ${of('anonymous', 'person_id')}, ${of('user', 'person_id')})
      OR if(visitor_id = user_id, ${of('user', 'visitor_id')}, ${of('anonymous', 'visitor_id')})
    )`,
    chunks: byIds,
  },
  {
    table: 'sessions',
    condition: of('session', 'session_id'),
    chunks: ({ sessions, chunkSize }) => inChunks(sessions, chunkSize).map((hashes) => ({ hashes })),
  },
  {
    table: 'identity_pairs',
    condition: `(${of('user', 'user_id')} OR ${of('anonymous', 'anonymous_id')})`,
    chunks: byIds,
  },
  {
    table: 'identity_aliases',
    condition: `(${of('user', 'user_id')} OR ${either('previous_id')})`,
    chunks: byIds,
  },
  {
    table: 'identity_merges',
    condition: `(${of('user', 'user_id')} OR ${of('user', 'person_before')} OR ${of('user', 'person_after')})`,
    chunks: byIds,
  },
  {
    table: 'identities',
    condition: `(${of('user', 'user_id')} OR ${of('user', 'person_id')} OR ${of('anonymous', 'anonymous_id')})`,
    chunks: byIds,
  },
  // Groups of live windows that are persons; and lists of the most frequent values, where a person may be one among others.
  { table: 'live_windows', condition: `arrayExists(id -> ${either('id')}, key)`, chunks: byIds },
  {
    table: 'live_windows',
    condition: `arrayExists(list -> arrayExists(top -> ${isTopOfPerson('top')}, list), mapValues(tops))`,
    set: `tops = mapApply((name, list) -> (name, arrayFilter(top -> NOT ${isTopOfPerson('top')}, list)), tops)`,
    chunks: byIds,
  },
  // What earlier runs wrote down of them.
  { table: 'recompute_work', condition: `(${either('id')} OR ${either('detail')})`, chunks: byIds },
  {
    table: 'events',
    condition: `toStartOfHour(original_timestamp) IN {hours:Array(DateTime('UTC'))} AND ${of('message', 'message_id')}`,
    trace: TRACE,
    chunks: byMessages,
  },
]

/** Tables that rows are erased from. */
export const ERASED_TABLES: readonly string[] = [...new Set(STEPS.map(({ table }) => table))]

/** Counts the rows, versions that another one replaces included. */
export async function countRows(statements: EraseStatements, erasure: Erasure): Promise<RowCounts> {
  const counts: RowCounts = {}
  for (const step of STEPS) {
    for (const parameters of step.chunks(erasure)) {
      add(counts, step.table, await countOf(statements, step, { ...parameters, source: erasure.source }))
    }
  }
  return counts
}

/** Deletes them, or what they say of the person, and says how many there were. May be cut off and repeated anywhere. */
export async function eraseRows(
  statements: EraseStatements,
  { rowsOf }: Places,
  erasure: Erasure,
): Promise<RowCounts> {
  const counts: RowCounts = {}
  for (const step of STEPS) {
    for (const chunk of step.chunks(erasure)) {
      const parameters = { ...chunk, source: erasure.source }
      // A deletion of nothing would still read and write parts.
      const count = await countOf(statements, step, parameters)
      if (count === 0) continue
      if (step.trace !== undefined) await statements.run(buildTrace(step, step.trace), parameters)
      await statements.run(buildErase(step, rowsOf(step.table)), parameters)
      add(counts, step.table, count)
    }
  }
  return counts
}

function buildErase(step: Step, rows: string): string {
  const { set } = step
  if (set === undefined) return `DELETE FROM ${rows} WHERE ${whereOf(step)}`
  return `ALTER TABLE ${rows} UPDATE ${set} WHERE ${whereOf(step)}`
}

function buildTrace(step: Step, { into, select }: NonNullable<Step['trace']>): string {
  return `INSERT INTO ${into} SELECT ${select} FROM ${step.table} WHERE ${whereOf(step)}`
}

function whereOf({ condition }: Step): string {
  return `source = {source:String} AND ${condition}`
}

async function countOf(
  { read }: EraseStatements,
  step: Step,
  parameters: Record<string, unknown>,
): Promise<number> {
  const query = `SELECT toString(count()) AS count FROM ${step.table} WHERE ${whereOf(step)}`
  const [row] = await read<{ count: string }>(query, parameters)
  return Number(row?.count ?? 0)
}

function add(counts: RowCounts, table: string, count: number): void {
  if (count > 0) counts[table] = (counts[table] ?? 0) + count
}
