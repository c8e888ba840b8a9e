/** Tells which statements lose data for good, and how much there is to lose. Leaves it to others to ask whether they may. */

import type { RunStatement } from './effects.ts'
import { quoteLiteral } from './statements.ts'

/** Data that a statement would lose. */
export interface Loss {
  /** Whose statement it is: the name of a file, or `retention`. */
  origin: string
  /** What it does, such as `drops the table events_0004`. */
  what: string
  /** What is known of why; empty where nothing is. */
  why: string
  /** Rows that go: those of the table, or of a shortened retention those that are older. */
  rows: number
  /** Bytes on disk of the table that they are in; of a cluster, without replicas. */
  tableBytes: number
}

/** The answer was no. What comes before the statement is done, and it is not. */
export class LossRefused extends Error {
  override readonly name = 'LossRefused'
  readonly loss: Loss

  constructor(loss: Loss) {
    super(`${loss.origin} ${loss.what}, and was not allowed to`)
    this.loss = loss
  }
}

/** What a statement does to the data of a table. */
export interface LossyStatement {
  table: string
  what: string
}

/** Texts, quoted names' quotes and heredocs left aside, so that no word of theirs is taken for one of the statement's. */
const QUOTED = /'(?:[^'\\]|\\.|'')*'|\$\$[\s\S]*?\$\$/g

const TABLE = String.raw`(?:IF EXISTS )?(?:\w+\.)?(\w+)`

const STATEMENTS: readonly [RegExp, (table: string) => string][] = [
  [new RegExp(`^DROP TABLE ${TABLE}`, 'i'), (table) => `drops the table ${table}`],
  [new RegExp(`^TRUNCATE (?:TABLE )?${TABLE}`, 'i'), (table) => `empties the table ${table}`],
  [new RegExp(`^DELETE FROM ${TABLE}`, 'i'), (table) => `deletes rows of the table ${table}`],
  [
    new RegExp(`^(?:CREATE OR )?REPLACE TABLE ${TABLE}(?!.*ENGINE = Distributed)`, 'i'),
    (table) => `replaces the table ${table}`,
  ],
]

const ALTERATIONS: readonly [RegExp, (table: string, name: string) => string][] = [
  [
    /\b(?:DROP|CLEAR) COLUMN (?:IF EXISTS )?(\w+)/i,
    (table, name) => `drops the column ${name} of the table ${table}`,
  ],
  [
    /\b(?:DROP|DETACH|REPLACE|MOVE) (?:DETACHED )?PART(?:ITION)?\b/i,
    (table) => `takes partitions out of the table ${table}`,
  ],
  [/\bDELETE (?:IN PARTITION .*? )?WHERE\b/i, (table) => `deletes rows of the table ${table}`],
  [/\bUPDATE\b/i, (table) => `overwrites values of the table ${table}`],
  [/\bMODIFY TTL\b/i, (table) => `changes how long rows of the table ${table} are kept`],
]

/** What a statement loses, or `undefined` when it loses nothing. */
export function findLoss(sql: string): LossyStatement | undefined {
  const text = sql.replace(QUOTED, "''").replaceAll('`', '').replace(/\s+/g, ' ')
  for (const [pattern, describe] of STATEMENTS) {
    const [, table] = pattern.exec(text) ?? []
    if (table !== undefined) return { table, what: describe(table) }
  }
  const [, table] = new RegExp(`^ALTER TABLE ${TABLE}`, 'i').exec(text) ?? []
  if (table === undefined) return undefined
  for (const [pattern, describe] of ALTERATIONS) {
    const found = pattern.exec(text)
    if (found !== null) return { table, what: describe(table, found[1] ?? '') }
  }
  return undefined
}

/** Rows and bytes of a table, of all shards of a cluster; 0 of one that is not there, or holds none itself. */
export async function measureTable(
  run: RunStatement,
  table: string,
  cluster: string | undefined,
): Promise<{ rows: number; bytes: number }> {
  const from = cluster === undefined ? 'system.tables' : `cluster(${quoteLiteral(cluster)}, system.tables)`
  const [size] = await run<{ rows: number | string; bytes: number | string }>(
    `SELECT sum(ifNull(total_rows, 0)) AS rows, sum(ifNull(total_bytes, 0)) AS bytes FROM ${from} ` +
      `WHERE database = currentDatabase() AND name = ${quoteLiteral(table)}`,
  )
  return { rows: Number(size?.rows ?? 0), bytes: Number(size?.bytes ?? 0) }
}
