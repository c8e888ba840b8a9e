/** Asks ClickHouse over its HTTP interface. Knows addresses and credentials, not what is asked. */

import type { FetchLike } from '@millrace/node'
import { formatParameter } from './format-parameter.ts'

/** Where ClickHouse is, and how to reach it. */
export interface ClickHouseOptions {
  /** For example `http://127.0.0.1:8123`. */
  url: string
  user: string
  password: string
  database: string
  fetch: FetchLike
  /** Ends a query early when aborted. */
  signal: AbortSignal
  /** Settings of ClickHouse for every query. Default none. */
  settings?: Readonly<Record<string, string | number>>
}

/**
 * Rows of a query. Values go in as parameters (`{name:String}` in the text), never as a part of the text.
 *
 * @throws ClickHouseFailure when there is no answer, or one that is no result; the signal's own error when it was aborted
 */
export type QueryRows = <Row>(query: string, parameters: Record<string, unknown>) => Promise<Row[]>

/** ClickHouse cannot be asked; the message says why in one line. */
export class ClickHouseFailure extends Error {
  override readonly name = 'ClickHouseFailure'
}

/** Longest part of ClickHouse's own error that is told. */
const MAX_ERROR_LENGTH = 300

/** A function that runs queries. */
export function createQuery(options: ClickHouseOptions): QueryRows {
  const { url, user, password, fetch, signal } = options
  const headers = { 'x-clickhouse-user': user, 'x-clickhouse-key': password }
  return async <Row>(query: string, parameters: Record<string, unknown>) => {
    const target = addressOf(options, parameters)
    const init = { method: 'POST', headers, body: query, signal, redirect: 'manual' } as const
    const answer = await ask(fetch, target, init, signal, url)
    if (answer.status !== 200) {
      const why = answer.text.trim().replace(/\s+/g, ' ').slice(0, MAX_ERROR_LENGTH)
      throw new ClickHouseFailure(`ClickHouse at ${url} answers HTTP ${answer.status}: ${why}`)
    }
    return answer.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Row)
  }
}

function addressOf(
  { url, database, settings = {} }: ClickHouseOptions,
  parameters: Record<string, unknown>,
): string {
  const target = new URL(url)
  target.searchParams.set('database', database)
  target.searchParams.set('default_format', 'JSONEachRow')
  // An error after the first rows would otherwise come in the middle of a result that began with HTTP 200.
  target.searchParams.set('wait_end_of_query', '1')
  for (const [name, value] of Object.entries(settings)) target.searchParams.set(name, String(value))
  for (const [name, value] of Object.entries(parameters)) {
    target.searchParams.set(`param_${name}`, formatParameter(value))
  }
  return target.href
}

async function ask(
  fetch: FetchLike,
  target: string,
  init: Parameters<FetchLike>[1],
  signal: AbortSignal,
  url: string,
): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(target, init)
    return { status: response.status, text: await response.text() }
  } catch (cause) {
    signal.throwIfAborted()
    throw new ClickHouseFailure(`ClickHouse does not answer at ${url}: ${describe(cause)}`, { cause })
  }
}

/** Node's `fetch failed` hides what happened in its cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  // OpenSSL ends its messages with a line end.
  return (cause instanceof Error && cause.message !== '' ? cause.message : error.message).trim()
}
