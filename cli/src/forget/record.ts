/** What is written down of requests to forget, in the tables `erasures` and `forgotten`. No id is. */

import type { EraseStatements, ForgottenKind, RowCounts } from '@millrace/schemas/erase'
import { forgottenHash } from '@millrace/schemas/erase'
import type { Subject } from './person.ts'

/** A request as `--list` shows it. Times are ISO 8601. */
export interface ErasureRecord {
  request: string
  requestedAt: string
  reason: string
  /** Absent while it is not done: it was cut off, and is to be run again. */
  finishedAt?: string
  /** Rows by table that went, in all runs that ended. */
  deleted: RowCounts
  /** Folders of the lake with objects that may still hold events. */
  openLake: string[]
  /** Objects of the lake that were written anew without them, and how many rows went. */
  rewritten: { path: string; rows: number }[]
}

/** Hex digits of a request's name. */
const NAME_DIGITS = 32

/** A request's name: the same for the same id, so that a run that was cut off is found again. */
export async function requestName({ kind, id }: Subject): Promise<string> {
  return (await forgottenHash(kind, id)).slice(0, NAME_DIGITS)
}

const INSERT_STEPS = `
INSERT INTO erasures (source, request_id, step, detail)
SELECT {source:String}, {request:String}, {step:String}, arrayJoin({details:Array(String)})`

/** Which request a record is of. */
export interface RequestPlace {
  source: string
  request: string
}

/** Records a step, once for each detail; the same again replaces itself. */
export async function recordStep(
  { run }: EraseStatements,
  { source, request }: RequestPlace,
  step: 'requested' | 'deleted' | 'lake',
  details: readonly object[],
): Promise<void> {
  const texts = details.map((detail) => JSON.stringify(detail))
  if (texts.length > 0) await run(INSERT_STEPS, { source, request, step, details: texts })
}

const INSERT_FORGOTTEN = `
INSERT INTO forgotten (source, id_hash, kind, request_id)
SELECT {source:String}, arrayJoin({hashes:Array(String)}), {kind:String}, {request:String}`

/** Has later events of these be left out. */
export async function recordForgotten(
  { run }: EraseStatements,
  { source, request }: RequestPlace,
  kind: ForgottenKind,
  hashes: readonly string[],
): Promise<void> {
  if (hashes.length > 0) await run(INSERT_FORGOTTEN, { source, request, kind, hashes })
}

/** Hashes of ids that the request was found to be about before. */
export async function readRemembered(
  { read }: EraseStatements,
  { source, request }: RequestPlace,
): Promise<string[]> {
  const query = `
SELECT DISTINCT id_hash FROM forgotten
WHERE source = {source:String} AND request_id = {request:String} AND kind != 'message'`
  return (await read<{ id_hash: string }>(query, { source, request })).map(({ id_hash }) => id_hash)
}

interface StepRow {
  request_id: string
  step: string
  detail: string
  at: string
}

/** All requests of a source, the newest first. */
export async function listRequests({ read }: EraseStatements, source: string): Promise<ErasureRecord[]> {
  const query = `
SELECT request_id, step, detail, toString(toUnixTimestamp64Milli(e.at)) AS at
FROM erasures AS e FINAL WHERE source = {source:String} ORDER BY e.at, request_id, step, detail`
  const rows = (await read<StepRow>(query, { source })).map((row) => ({
    ...row,
    at: new Date(Number(row.at)).toISOString(),
  }))
  const requests = [...Map.groupBy(rows, ({ request_id }) => request_id)].map(([request, steps]) =>
    describeRequest(request, steps),
  )
  return requests.sort((a, b) => (a.requestedAt < b.requestedAt ? 1 : -1))
}

function describeRequest(request: string, rows: readonly StepRow[]): ErasureRecord {
  const of = (name: string) => rows.filter(({ step }) => step === name)
  const requested = of('requested').at(-1)
  const deleted = of('deleted').at(-1)
  const isFinished = deleted !== undefined && (requested === undefined || deleted.at >= requested.at)
  const rewritten = new Map(of('rewritten').map(({ detail, at }) => [detail, at]))
  const reasons = of('requested').map(({ detail }) => (parse(detail) as { reason?: string }).reason ?? '')
  const counts = of('deleted').map(({ detail }) => (parse(detail) as { rows?: RowCounts }).rows ?? {})
  return {
    request,
    requestedAt: requested?.at ?? '',
    reason: reasons.findLast((reason) => reason !== '') ?? '',
    ...(isFinished ? { finishedAt: deleted.at } : {}),
    deleted: sumRows(counts),
    openLake: of('lake')
      .filter(({ detail, at }) => (rewritten.get(detail) ?? '') < at)
      .map(({ detail }) => (parse(detail) as { prefix?: string }).prefix ?? ''),
    rewritten: of('rewritten_file').map(({ detail }) => parse(detail) as { path: string; rows: number }),
  }
}

function parse(detail: string): object {
  return JSON.parse(detail) as object
}

/** The counts added up, table by table. */
export function sumRows(counts: readonly RowCounts[]): RowCounts {
  const total: RowCounts = {}
  for (const [table, rows] of counts.flatMap((some) => Object.entries(some))) {
    total[table] = (total[table] ?? 0) + rows
  }
  return total
}
