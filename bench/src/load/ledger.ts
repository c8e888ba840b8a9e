/** What the pipeline says of itself: the views `ledger` and `delivery_gaps`, beside what the clients know. */

import type { LoadStack } from './stack/load-stack.ts'

/** Sums of the view `ledger`. */
export interface LedgerSums {
  received: number
  accepted: number
  stored: number
  duplicates: number
  in_flight: number
  missing: number
}

/** Sums of both views. */
export interface OwnBooks {
  ledger: LedgerSums
  /** Numbers missing in streams, and drops that clients declared. */
  gaps: { missing: number; dropped: number; streams: number }
}

const LEDGER_COLUMNS = ['received', 'accepted', 'stored', 'duplicates', 'in_flight', 'missing'] as const

/** A run of the cron may leave some of its work to the next. */
const RUNS = 3

/** Has the cron compute them, and reads them; undefined where there are no such views. */
export async function readOwnBooks(stack: LoadStack): Promise<OwnBooks | undefined> {
  const views = await stack.query<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = 'millrace' AND name IN ('ledger', 'delivery_gaps')`,
  )
  if (views.length < 2) return undefined
  for (let run = 0; run < RUNS; run += 1) await stack.runCron()
  const sums = LEDGER_COLUMNS.map((name) => `toFloat64(sum(${name})) AS ${name}`).join(', ')
  const [ledger] = await stack.query<LedgerSums>(
    `SELECT ${sums} FROM (SELECT * FROM ledger) AS l WHERE l.source = 'dev'`,
  )
  const [gaps] = await stack.query<OwnBooks['gaps']>(
    `SELECT toFloat64(sum(g.missing)) AS missing, toFloat64(sum(g.dropped)) AS dropped, toFloat64(count()) AS streams
     FROM (SELECT * FROM delivery_gaps) AS g WHERE g.source = 'dev'`,
  )
  return ledger === undefined || gaps === undefined ? undefined : { ledger, gaps }
}
