/** Sends statements under limits and for one source. What a question asks for cannot change either. */

import { NAME_PATTERN } from '@millrace/schemas'
import { type ParameterValue, render } from '@millrace/schemas/sql'
import { failureOf, QueryFailure } from './failures.ts'
import type { Ask, Cell } from './question.ts'
import { SCOPED_TABLES } from './relations.ts'

/** A statement as it is sent. */
export interface ReadRequest {
  text: string
  parameters: Record<string, ParameterValue>
  settings: Record<string, string | number>
}

/** Runs a statement and resolves with its rows; rejects with the client's error. */
export type RunStatement = (request: ReadRequest) => Promise<Cell[][]>

/** What a statement may cost. */
export const LIMITS = {
  /** It may read, and set these settings; nothing else. */
  readonly: 2,
  /** Seconds. */
  max_execution_time: 10,
  timeout_overflow_mode: 'throw',
  max_memory_usage: 2_000_000_000,
  max_rows_to_read: 1_000_000_000,
  read_overflow_mode: 'throw',
  max_result_rows: 100_000,
  max_result_bytes: 20_000_000,
  result_overflow_mode: 'throw',
} as const

/** What makes answers right, and small. */
const SETTINGS = {
  ...LIMITS,
  // The partition of an event is the same for every copy, so no copy is sought in another one.
  do_not_merge_across_partitions_select_final: 1,
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_denormals: 0,
  date_time_output_format: 'iso',
  // An error after the first rows would otherwise come in the middle of an answer.
  wait_end_of_query: 1,
  cancel_http_readonly_queries_on_client_close: 1,
}

/** Longest values of a statement as they go into an address: servers take 16 KiB of it. */
const MAX_ENCODED_LENGTH = 12_000

/**
 * Asks in the name of a source. Its rows alone are read for two reasons: each table is read with
 * `source = {source:String}`, and ClickHouse puts the same onto whatever a statement reads (`additional_table_filters`).
 *
 * @param database of the tables
 * @throws RangeError when the source has a name that no source can have
 */
export function createAsk(run: RunStatement, database: string, source: string): Ask {
  if (!NAME_PATTERN.test(source)) throw new RangeError(`${source} is no name of a source`)
  const settings = { ...SETTINGS, additional_table_filters: tableFilters(database, source) }
  return async (statement) => {
    const { text, parameters } = render(statement)
    const length = encodeURIComponent(Object.values(parameters).flat().join(',')).length
    if (length > MAX_ENCODED_LENGTH) throw new QueryFailure('too_long', `${length} bytes of values`)
    try {
      return await run({ text, parameters: { ...parameters, source }, settings })
    } catch (error) {
      throw failureOf(error)
    }
  }
}

/** A map as ClickHouse writes it. Names have no quotes: the pattern sees to that of the source, the migrations to the other. */
function tableFilters(database: string, source: string): string {
  const entries = SCOPED_TABLES.map((table) => `'${database}.${table}':'source = \\'${source}\\''`)
  return `{${entries.join(',')}}`
}
