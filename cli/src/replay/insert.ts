/** Inserts rows of events into ClickHouse, however often it takes. Knows addresses and credentials, not events. */

import { setTimeout as delay } from 'node:timers/promises'
import {
  describeError,
  encodeNative,
  insertUrl,
  isDataError,
  isPressure,
  type Row,
  requireSuccess,
} from '@millrace/schemas/native'
import { ClickHouseFailure } from '../clickhouse.ts'

/** What is used of `fetch`. */
export type InsertFetch = (
  url: string,
  init: {
    method: 'POST'
    headers: Record<string, string>
    body: Uint8Array<ArrayBuffer>
    signal: AbortSignal
  },
) => Promise<Response>

/** Options of {@link createInsert}. */
export interface InsertOptions {
  /** For example `http://127.0.0.1:8123`. */
  url: string
  user: string
  password: string
  database: string
  fetch: InsertFetch
  signal: AbortSignal
  /** Waits so many milliseconds, or rejects when the signal is aborted. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

/** A row that ClickHouse does not take, and why. */
export interface RefusedRow {
  messageId: string
  why: string
}

/**
 * Inserts rows, all with the same columns in the same order; resolves when ClickHouse has them, with those that it does not
 * take. Rejects with ClickHouseFailure when the trouble is not with the rows and does not pass.
 */
export type InsertRows = (rows: readonly Row[]) => Promise<RefusedRow[]>

/** How long ClickHouse may take over one insert, in seconds. */
const MAX_SECONDS = 120

/** How often one insert is tried. With the waits between, about a minute. */
const MAX_ATTEMPTS = 7

const BASE_DELAY_MS = 1_000

/** An insert into `events`. What blames the data is narrowed down by halves, as the Worker does it. */
export function createInsert(options: InsertOptions): InsertRows {
  const insert: InsertRows = async (rows) => {
    if (rows.length === 0) return []
    const refusal = await tryOften(options, rows)
    if (refusal === undefined) return []
    if (rows.length === 1)
      return [{ messageId: String(rows[0]?.['message_id']), why: describeError(refusal) }]
    const middle = rows.length >> 1
    return [...(await insert(rows.slice(0, middle))), ...(await insert(rows.slice(middle)))]
  }
  return insert
}

/** Resolves with what blames the data. */
async function tryOften(options: InsertOptions, rows: readonly Row[]): Promise<Error | undefined> {
  const { url, signal, sleep = (ms, until) => delay(ms, undefined, { signal: until }) } = options
  const columns = Object.keys(rows[0] ?? {})
  const body = encodeNative(columns, rows)
  for (let attempt = 1; ; attempt += 1) {
    try {
      await insertOnce(options, columns, body)
      return undefined
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof Error)) throw error
      if (isDataError(error)) return error
      // Without a code there was no answer.
      const passes = isPressure(error) || !('code' in error)
      if (!passes || attempt === MAX_ATTEMPTS)
        throw new ClickHouseFailure(`ClickHouse at ${url} does not take the rows: ${explain(error)}`, {
          cause: error,
        })
      await sleep(BASE_DELAY_MS * 2 ** (attempt - 1), signal)
    }
  }
}

async function insertOnce(
  { url, user, password, database, fetch, signal }: InsertOptions,
  columns: readonly string[],
  body: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const target = insertUrl({ url, database, table: 'events', columns, maxSeconds: MAX_SECONDS })
  const response = await fetch(target.href, {
    method: 'POST',
    headers: { 'x-clickhouse-user': user, 'x-clickhouse-key': password },
    body,
    signal: AbortSignal.any([signal, AbortSignal.timeout((MAX_SECONDS + 10) * 1_000)]),
  })
  await requireSuccess(response)
}

/** Node's `fetch failed` hides what happened in its cause. */
function explain(error: Error): string {
  const { cause } = error
  return cause instanceof Error && cause.message !== '' ? cause.message.trim() : describeError(error)
}
