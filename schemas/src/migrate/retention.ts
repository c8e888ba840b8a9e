/**
 * Turns how long the rows of each source are kept into a TTL of each table, and finds out where it differs from the one that
 * the table has. ClickHouse deletes rows past it when it merges the parts that they are in, hours to days later.
 */

import type { MillraceConfig } from '../config.ts'
import type { Retention } from '../source-settings.ts'
import type { RunStatement } from './effects.ts'
import { quoteLiteral } from './statements.ts'

/** Rows of a source in a table go after so many days. */
export interface RetentionRule {
  source: string
  days: number
}

/** What the configuration says of one source. */
export interface SourceRetention {
  source: string
  retention: Retention
}

/** A table whose TTL is not what the configuration says. */
export interface RetentionChange {
  /** Table as it is read. */
  name: string
  /** Table that holds the rows; of a cluster, the one of a shard. */
  table: string
  /** The statement that changes it. */
  sql: string
  /** What holds now; empty also where the TTL is of another kind. */
  from: RetentionRule[]
  to: RetentionRule[]
  /** Condition of the rows that go and would have stayed; absent where none does. */
  shortens?: string
}

/** How the rows of a table go. */
interface TableRetention {
  table: string
  /** The time that counts. */
  column: string
  setting: keyof Retention
  /** The setting that counts where that one is not said. */
  fallback?: keyof Retention
  /** Added to it. */
  extraDays?: number
}

const TABLES: readonly TableRetention[] = [
  { table: 'events', column: 'timestamp', setting: 'eventsDays' },
  // Tables are merged each in its own time: a retracted event must be gone before what says that it was retracted.
  // Its own time, which a correction may move back, would let it go before the event that it takes the place of.
  { table: 'corrected_events', column: 'kept_from', setting: 'eventsDays', extraDays: 7 },
  { table: 'corrections', column: 'timestamp', setting: 'eventsDays', extraDays: 7 },
  { table: 'sessions', column: 'ended_at', setting: 'eventsDays' },
  { table: 'quarantine', column: 'received_at', setting: 'quarantineDays' },
  // Ids alone, and what was erased among them: the books look ids of receipts up there for a week, and keep them eight days.
  { table: 'omitted', column: 'received_at', setting: 'quarantineDays', extraDays: 8 },
  { table: 'rollup_minute', column: 'minute', setting: 'rollupsDays' },
  { table: 'rollup_hour', column: 'hour', setting: 'rollupsDays' },
  { table: 'rollup_hour_fields', column: 'hour', setting: 'rollupsDays' },
  // A window `by` an id has persons in it, as events have.
  { table: 'live_windows', column: 'window_start', setting: 'windowsDays', fallback: 'eventsDays' },
]

/** Name of the development source. */
const DEV_SOURCE = 'dev'

/** A rule as ClickHouse writes it, which is as it is written here: column, days, source. */
const RULE = /^(\w+) \+ toIntervalDay\((\d+)\)(?: DELETE)? WHERE source = '([a-z0-9_-]+)'$/

/** What a configuration says of each of its sources, the development source included. */
export function readRetention({ sources, development }: MillraceConfig): SourceRetention[] {
  return [
    ...sources.map(({ name, retention = {} }) => ({ source: name, retention })),
    { source: DEV_SOURCE, retention: development?.retention ?? {} },
  ]
}

/** Column `engine_full` of the tables of the database, by their names. */
export async function readEngines(run: RunStatement): Promise<Map<string, string>> {
  const rows = await run<{ name: string; engine_full: string }>(
    'SELECT name, engine_full FROM system.tables WHERE database = currentDatabase()',
  )
  return new Map(rows.map(({ name, engine_full }) => [name, engine_full]))
}

/**
 * Where tables differ from what the configuration says, in a fixed order. A table that does not exist differs in nothing. A
 * source that the configuration does not name keeps what it has; a TTL that was set by hand stays until there is a rule.
 *
 * @param engines what {@link readEngines} gives
 */
export function planRetention(
  engines: Pick<ReadonlyMap<string, string>, 'get'>,
  sources: readonly SourceRetention[],
  cluster: string | undefined,
): RetentionChange[] {
  return TABLES.flatMap(({ table: name, column, setting, fallback = setting, extraDays = 0 }) => {
    const table = cluster === undefined ? name : `${name}_local`
    const engine = engines.get(table)
    if (engine === undefined) return []
    const ttl = readTtl(engine)
    const { rules: from, isOf } = readRules(ttl)
    const wanted = sources.flatMap(({ source, retention }) => {
      const days = retention[setting] ?? retention[fallback]
      return days === undefined ? [] : [{ source, days: days + extraDays }]
    })
    const named = new Set(sources.map(({ source }) => source))
    const to = [...(from ?? []).filter(({ source }) => !named.has(source)), ...wanted].sort(bySource)
    if (from === undefined ? to.length === 0 : sameRules(from, to) && isOf(column)) return []
    const shorter = to.filter(
      ({ source, days }) => !(from ?? []).some((rule) => rule.source === source && rule.days <= days),
    )
    const shortens = shorter.map(
      ({ source, days }) =>
        `(source = ${quoteLiteral(source)} AND ${column} < now() - toIntervalDay(${days}))`,
    )
    return [
      {
        name,
        table,
        sql: alterTtl(table, column, to, cluster),
        from: from ?? [],
        to,
        ...(shortens.length > 0 && { shortens: shortens.join(' OR ') }),
      },
    ]
  })
}

/** How many rows go by a change that would have stayed; copies of an event that are not merged yet are one. */
export async function countExpired(run: RunStatement, { name, shortens }: RetentionChange): Promise<number> {
  if (shortens === undefined) return 0
  const [row] = await run<{ rows: number | string }>(
    `SELECT count() AS rows FROM ${name} FINAL WHERE ${shortens}`,
  )
  return Number(row?.rows ?? 0)
}

/** Rules in words: `shop 30 days, blog 90 days`; others are kept for ever. */
export function describeRules(rules: readonly RetentionRule[]): string {
  if (rules.length === 0) return 'kept for ever'
  return rules.map(({ source, days }) => `${source} ${days} ${days === 1 ? 'day' : 'days'}`).join(', ')
}

function alterTtl(
  table: string,
  column: string,
  rules: readonly RetentionRule[],
  cluster: string | undefined,
): string {
  const alter = `ALTER TABLE ${table}${cluster === undefined ? '' : ` ON CLUSTER ${quoteLiteral(cluster)}`}`
  if (rules.length === 0) return `${alter} REMOVE TTL`
  const clauses = rules.map(
    ({ source, days }) => `${column} + toIntervalDay(${days}) DELETE WHERE source = ${quoteLiteral(source)}`,
  )
  return `${alter} MODIFY TTL\n    ${clauses.join(',\n    ')}`
}

/** The expression of a table's TTL; empty where it has none. */
function readTtl(engine: string): string {
  return /\sTTL (.*?)(?:\sSETTINGS\s.*)?$/s.exec(engine)?.[1] ?? ''
}

/** Rules of a TTL, `undefined` when it is not one of ours; and whether all are of that column, not one of a release before. */
function readRules(ttl: string): {
  rules: RetentionRule[] | undefined
  isOf: (column: string) => boolean
} {
  const rules = ttl === '' ? [] : ttl.split(', ').map((rule) => RULE.exec(rule))
  const known = rules.filter((rule) => rule !== null)
  return {
    rules:
      known.length < rules.length
        ? undefined
        : known.map(([, , days, source = '']) => ({ source, days: Number(days) })).sort(bySource),
    isOf: (wanted) => known.every(([, column]) => column === wanted),
  }
}

function sameRules(a: readonly RetentionRule[], b: readonly RetentionRule[]): boolean {
  return describeRules(a) === describeRules(b)
}

function bySource(a: RetentionRule, b: RetentionRule): number {
  return a.source < b.source ? -1 : 1
}
