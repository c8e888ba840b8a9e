/** The tables of a release as they are, row by row in ClickHouse's own format, and what questions say of them. */

import { gunzipSync, gzipSync } from 'node:zlib'
import { createRun, DATABASE } from '../../local/src/migrate.ts'

/** What is asked of the tables. None of it depends on the time at which it is asked. */
export const QUESTIONS = {
  events:
    'SELECT source, type, event, count() AS events, uniqExact(message_id) AS ids FROM events FINAL GROUP BY ALL ORDER BY ALL',
  persons: "SELECT message_id, person_id FROM events_resolved WHERE source = 'shop' ORDER BY ALL",
  sessions:
    'SELECT source, session_id, visitor_id, started_at, ended_at, events, page_views, entry_page FROM sessions FINAL ORDER BY ALL',
  identities:
    'SELECT source, anonymous_id, user_id, person_id, valid_from, valid_to, evidence_id FROM identities FINAL ORDER BY ALL',
  minutes:
    'SELECT source, minute, event, measure, sum(events) AS events, uniqExactMerge(people) AS people, sum(value_sum) AS value FROM rollup_minute FINAL GROUP BY ALL ORDER BY ALL',
  hours:
    'SELECT source, hour, event, measure, sum(events) AS events, uniqExactMerge(people) AS people, quantilesDDMerge(0.01, 0.5, 0.75, 0.9, 0.95, 0.99)(value_quantiles) AS quantiles FROM rollup_hour FINAL GROUP BY ALL ORDER BY ALL',
  quarantine: 'SELECT source, message_id, reason, raw FROM quarantine FINAL ORDER BY ALL',
  omitted: 'SELECT source, message_id, status, reason, batch_index FROM omitted FINAL ORDER BY ALL',
  receipts:
    'SELECT source, book, number, part, accepted, quarantined, filtered FROM receipts FINAL ORDER BY ALL',
  ledger:
    'SELECT source, minute, received, accepted, quarantined, filtered, stored, missing FROM ledger_minutes FINAL ORDER BY ALL',
  windows:
    'SELECT source, name, window_start, key, is_other, events, version, state FROM live_windows_latest ORDER BY ALL',
  heartbeats:
    'SELECT message_id, sent_at, door, state, answered_ms, live_ms FROM heartbeats FINAL ORDER BY ALL',
} as const

/** Rows by the name of the question, each as JSON text. */
export type Answers = Record<string, string[]>

/** Tables that rows are put into, in order. */
async function listTables(url: string): Promise<string[]> {
  const rows = await createRun(
    url,
    DATABASE,
  )<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = '${DATABASE}' AND engine LIKE '%MergeTree'
      AND name NOT IN ('migrations', 'recompute_work') AND total_rows > 0 ORDER BY name`,
  )
  return rows.map(({ name }) => name)
}

/** Rows of each table, compressed. */
export async function dumpTables(url: string): Promise<Map<string, Buffer>> {
  const dumps = new Map<string, Buffer>()
  for (const table of await listTables(url)) {
    const answer = await post(url, `SELECT * FROM ${table} FORMAT Native`)
    dumps.set(table, gzipSync(Buffer.from(await answer.arrayBuffer()), { level: 9 }))
  }
  return dumps
}

/** Puts the rows of a table back. Rows stay whatever their age: they are no older to those who upgrade. */
export async function loadTable(url: string, table: string, dump: Uint8Array): Promise<void> {
  await post(url, `SYSTEM STOP TTL MERGES ${DATABASE}.${table}`)
  await post(url, `INSERT INTO ${table} FORMAT Native`, gunzipSync(dump))
}

/** Asks everything. */
export async function askAll(url: string): Promise<Answers> {
  for (const name of ['person_of_anonymous', 'person_of_user'])
    await post(url, `SYSTEM RELOAD DICTIONARY ${DATABASE}.${name}`)
  const answers: Answers = {}
  for (const [name, sql] of Object.entries(QUESTIONS)) {
    answers[name] = (await createRun(url, DATABASE)<object>(sql)).map((row) => JSON.stringify(row))
  }
  return answers
}

async function post(url: string, query: string, body?: Uint8Array<ArrayBuffer>): Promise<Response> {
  const search = new URLSearchParams({ database: DATABASE, ...(body === undefined ? {} : { query }) })
  const response = await fetch(`${url}/?${search}`, { method: 'POST', body: body ?? query })
  if (!response.ok) throw new Error(`${query} got ${response.status}: ${await response.text()}`)
  return response
}
