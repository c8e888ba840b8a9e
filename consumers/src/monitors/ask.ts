/** Sends the statements of monitors: for one source, with limits, and no longer than a monitor may wait. */

import { render, type Sql } from '@millrace/schemas/sql'
import type { Statements } from '../statements.ts'
import { withTimeout } from '../timeout.ts'

/** Rows of a statement about one source; rejects with the client's error, or that it took too long. */
export type Ask = <Row>(statement: Sql) => Promise<Row[]>

/** Longest that ClickHouse may take for a statement, and a bit more, after which nobody waits for it any more. */
const STATEMENT_SECONDS = 20
const STATEMENT_TIMEOUT_MS = 25_000

/**
 * A monitor that reads more than this every minute is one that should be written otherwise.
 *
 * `use_skip_indexes_if_final_exact_mode` would also read what lies beside the rows of the window in the sorting key, in case a
 * copy there replaces one of them with another time. Where two sources share a granule, that is all of the second one's
 * history. Without it, a copy that has another time and is not merged yet may be told from the window's end by a moment;
 * nothing is counted twice, as copies of one time are found together.
 */
const LIMITS = `SETTINGS max_execution_time = ${STATEMENT_SECONDS}, max_memory_usage = 2000000000, max_rows_to_read = 200000000, max_result_rows = 10000, output_format_json_quote_64bit_integers = 0, use_skip_indexes_if_final_exact_mode = 0`

/** Asks for a source: each statement reads with `source = {source:String}`. */
export function createAsk(read: Statements['read'], source: string): Ask {
  return <Row>(statement: Sql) => {
    const { text, parameters } = render(statement)
    return withTimeout(read<Row>(`${text}\n${LIMITS}`, { ...parameters, source }), STATEMENT_TIMEOUT_MS)
  }
}

/** The row of a statement that has one whatever there is; without it nothing is known, so that is an error. */
export async function askOne<Row>(ask: Ask, statement: Sql): Promise<Row> {
  const [row] = await ask<Row>(statement)
  if (row === undefined) throw new Error('ClickHouse gave no row')
  return row
}
