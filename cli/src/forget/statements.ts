/** Runs statements in ClickHouse for the commands that change rows. Knows addresses and credentials, not what is asked. */

import type { FetchLike } from '@millrace/node'
import type { EraseStatements } from '@millrace/schemas/erase'
import { ClickHouseFailure, type ClickHouseOptions } from '../clickhouse.ts'
import { formatParameter } from '../format-parameter.ts'

/** What is used of `fetch`, with a form as the body. */
type FormFetch = (
  url: string,
  init: Omit<Parameters<FetchLike>[1], 'body'> & { body: FormData },
) => ReturnType<FetchLike>

/** Longest part of ClickHouse's own error that is told. */
const MAX_ERROR_LENGTH = 300

const SETTINGS = {
  default_format: 'JSONEachRow',
  // An error after the first rows would otherwise come in the middle of a result that began with HTTP 200.
  wait_end_of_query: '1',
  // The server's log of queries would keep the ids that are asked for.
  log_queries: '0',
  // A table in a cluster is behind a Distributed one; an insert then answers when the shards have it.
  distributed_foreground_insert: '1',
  // Rows must be gone on all replicas when a deletion answers.
  mutations_sync: '2',
  lightweight_deletes_sync: '2',
  // Work that lies years back touches a partition a week.
  max_partitions_per_insert_block: '0',
}

/**
 * Statements over HTTP. Text and parameters go in the body, as a form: an address is written into logs on the way.
 *
 * Both reject with ClickHouseFailure when there is no answer, or one that is no result, and with the signal's own error when
 * it was aborted. An error of ClickHouse is told as far as its first quotation mark: what follows may be an id.
 */
export function createStatements(options: ClickHouseOptions): EraseStatements {
  const { url, database } = options
  const target = new URL(url)
  target.searchParams.set('database', database)
  for (const [name, value] of Object.entries(SETTINGS)) target.searchParams.set(name, value)
  const post = async (sql: string, parameters: Record<string, unknown> = {}): Promise<string> => {
    const form = new FormData()
    form.set('query', sql)
    for (const [name, value] of Object.entries(parameters)) form.set(`param_${name}`, formatParameter(value))
    const answer = await ask(options, target.href, form)
    if (answer.status === 200) return answer.text
    const [why = ''] = answer.text
      .trim()
      .replace(/\s+/g, ' ')
      .split(/['"`{[]/, 1)
    throw new ClickHouseFailure(
      `ClickHouse at ${url} answers HTTP ${answer.status}: ${why.slice(0, MAX_ERROR_LENGTH)}`,
    )
  }
  return {
    async run(sql, parameters) {
      await post(sql, parameters)
    },
    async read<Row>(sql: string, parameters?: Record<string, unknown>) {
      const text = await post(sql, parameters)
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Row)
    },
  }
}

async function ask(
  { url, user, password, fetch, signal }: ClickHouseOptions,
  target: string,
  body: FormData,
): Promise<{ status: number; text: string }> {
  const headers = { 'x-clickhouse-user': user, 'x-clickhouse-key': password }
  // The same function: what its type leaves out is only this kind of body.
  const formFetch = fetch as unknown as FormFetch
  try {
    const response = await formFetch(target, { method: 'POST', headers, body, signal, redirect: 'manual' })
    return { status: response.status, text: await response.text() }
  } catch (cause) {
    signal.throwIfAborted()
    const why = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause)
    throw new ClickHouseFailure(`ClickHouse does not answer at ${url}: ${why.trim()}`, { cause })
  }
}
