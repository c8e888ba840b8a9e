/**
 * Forgets a person, in steps that may be cut off anywhere: each says what it will do before it does it, and a second run
 * takes up what the first has left.
 */

import {
  countRows,
  ERASED_TABLES,
  type ErasedEvent,
  type EraseStatements,
  type Erasure,
  eraseRows,
  forgottenHash,
  forgottenHashSql,
  NAMED_IDS,
  type Places,
  planWork,
  type RowCounts,
  readPlaces,
  writeWork,
} from '@millrace/schemas/erase'
import { hourPrefix, sourcePrefix } from '@millrace/schemas/lake'
import { findEvents, findRemembered } from './events.ts'
import { findPerson, type Person, type Subject } from './person.ts'
import {
  type RequestPlace,
  readRemembered,
  recordForgotten,
  recordStep,
  requestName,
  sumRows,
} from './record.ts'

/** What it works with. */
export interface ForgetEffects extends EraseStatements {
  randomId: () => string
  sleep: (ms: number) => Promise<unknown>
  /** Told in a few words what is done next. Default: nobody is. */
  onStep?: (step: string) => void
  /** How long a run of the recomputation that has begun is waited for, in milliseconds; it may have been cut off. Default 120,000. */
  patienceMs?: number
}

/** What is known of a person. */
export interface Found {
  subject: Subject
  person: Person
  request: RequestPlace
  /** An earlier run was cut off, or the person was forgotten before. */
  isRepeated: boolean
  /** How many ids. */
  users: number
  devices: number
  sharedDevices: number
  /** Distinct ones. */
  events: number
  /** ISO 8601; absent without events. */
  firstSeen?: string
  lastSeen?: string
  /** Rows by table. */
  rows: RowCounts
  /** Folders of the lake with objects that hold events. */
  lake: string[]
  /** Hashes that are written down. */
  hashes: { user: string[]; anonymous: string[]; message: string[] }
  erasure: Erasure
}

/** Hashes and keys of one statement. */
const CHUNK_SIZE = 1_000

/** For so long a run that was cut off can be finished with all that follows from it. */
const PLAN_DAYS = 30

const PATIENCE_MS = 120_000

const POLL_MS = 500

/** Looks for all that there is of a person; nothing is changed. Rejects with `UnclearPerson` as {@link findPerson}. */
export async function findTraces(statements: EraseStatements, subject: Subject): Promise<Found> {
  const { source } = subject
  const request = { source, request: await requestName(subject) }
  const person = await findPerson(statements, subject)
  const remembered = await readRemembered(statements, request)
  const found = await findEvents(statements, source, person)
  const left = remembered.length === 0 ? [] : await findRemembered(statements, source, request.request)
  const events = [...found.events, ...left]
  const user = await hashAll('user', person.users)
  const anonymous = await hashAll('anonymous', person.own)
  const ids = [...new Set([...user, ...anonymous, ...remembered])]
  const erasure: Erasure = { source, ids, events, sessions: [], chunkSize: CHUNK_SIZE }
  return {
    subject,
    person,
    request,
    isRepeated: remembered.length > 0,
    users: person.users.length,
    devices: person.own.length,
    sharedDevices: person.shared.length,
    events: new Set(events.map(({ message }) => message)).size,
    ...timesOf(events),
    rows: await countRows(statements, erasure),
    lake: await findLake(statements, erasure),
    hashes: { user, anonymous, message: found.unnamed },
    erasure,
  }
}

/**
 * Does it. Whoever reads meanwhile may see a part; the counts are right again after the next run of the recomputation.
 *
 * @returns rows that were deleted, by table
 */
export async function forget(effects: ForgetEffects, found: Found, reason: string): Promise<RowCounts> {
  const { onStep = () => {} } = effects
  const { request, erasure, hashes } = found
  const places = await readPlaces(effects)
  onStep('writing down the request')
  await recordStep(effects, request, 'requested', [{ reason, events: found.events, rows: found.rows }])
  await recordForgotten(effects, request, 'user', hashes.user)
  await recordForgotten(effects, request, 'anonymous', hashes.anonymous)
  await recordForgotten(effects, request, 'message', hashes.message)
  await recordStep(
    effects,
    request,
    'lake',
    found.lake.map((prefix) => ({ prefix })),
  )
  onStep('writing down what is to be computed anew')
  const sessions = await planAll(effects, request, erasure)
  await releaseWork(effects, request)
  onStep('deleting')
  const deleted = await eraseRows(effects, places, { ...erasure, sessions })
  onStep('waiting for the computation under way')
  await waitForRuns(effects)
  const late = await eraseLate(effects, places, found)
  onStep('deleting what is marked as deleted')
  for (const table of ERASED_TABLES) {
    await effects.run(`ALTER TABLE ${places.rowsOf(table)} APPLY DELETED MASK`)
  }
  await reloadDictionaries(effects, places)
  // Once more: a run may have done what was written down before the rows were gone.
  await releaseWork(effects, request)
  const rows = sumRows([deleted, late])
  await recordStep(effects, request, 'deleted', [{ rows }])
  return rows
}

async function hashAll(kind: 'user' | 'anonymous', ids: readonly string[]): Promise<string[]> {
  return Promise.all(ids.map((id) => forgottenHash(kind, id)))
}

function timesOf(events: readonly ErasedEvent[]): { firstSeen?: string; lastSeen?: string } {
  const times = events.map(({ at }) => Number(at)).sort((a, b) => a - b)
  const [first] = times
  const last = times.at(-1)
  if (first === undefined || last === undefined) return {}
  return { firstSeen: new Date(first).toISOString(), lastSeen: new Date(last).toISOString() }
}

/** Hours of all copies of events whose client did not say when: those lie in the hour in which the first was received. */
const HOURS_OF_COPIES = `
SELECT DISTINCT toString(toUnixTimestamp(toStartOfHour(minute))) AS hour FROM arrivals
WHERE source = {source:String} AND key IN {keys:Array(UInt64)}`

const DATES_OF_REFUSED = `
SELECT DISTINCT toString(toDate(received_at)) AS date FROM quarantine
WHERE source = {source:String} AND (
  ${forgottenHashSql('anonymous', 'anonymous_id')} IN {hashes:Array(String)}
  OR arrayExists(id -> ${forgottenHashSql('user', 'id')} IN {hashes:Array(String)} OR ${forgottenHashSql('anonymous', 'id')} IN {hashes:Array(String)}, ${NAMED_IDS})
)`

/**
 * Folders as DESIGN section 7 has them: those that are known to have something first, and then the whole of the source. The
 * lake may have what ClickHouse has no more, not yet, or never took.
 */
async function findLake({ read }: EraseStatements, { source, events, ids }: Erasure): Promise<string[]> {
  const hours = new Set<number>()
  const keys = new Set<bigint>()
  for (const { lakeHour, hasClock, key } of events) {
    hours.add(Number(lakeHour) * 1_000)
    if (hasClock === '0') keys.add(BigInt(key))
  }
  const sought = [...keys]
  for (let at = 0; at < sought.length; at += CHUNK_SIZE) {
    const parameters = { source, keys: sought.slice(at, at + CHUNK_SIZE) }
    for (const { hour } of await read<{ hour: string }>(HOURS_OF_COPIES, parameters)) {
      hours.add(Number(hour) * 1_000)
    }
  }
  const dates = await read<{ date: string }>(DATES_OF_REFUSED, { source, hashes: ids })
  return [
    ...[...hours].sort((a, b) => a - b).map((hour) => hourPrefix(source, hour)),
    ...dates.map(({ date }) => `quarantine/source=${source}/date=${date}/`).sort(),
    sourcePrefix(source),
  ]
}

/** The run that holds what follows from a request until it is done. */
function planOf({ request }: RequestPlace): string {
  return `forget-${request}`
}

/**
 * Adds to the request's plan. No run of the recomputation takes that over, since it is marked as done; for so long as it is
 * kept, it tells a run of the command what one that was cut off had found. Gives hashes of sessions.
 */
async function planAll(effects: ForgetEffects, place: RequestPlace, erasure: Erasure): Promise<string[]> {
  const run = planOf(place)
  await effects.run(
    `INSERT INTO recompute_work (run, kind, source, day) SELECT {run:String}, 'done', {source:String}, today() + ${PLAN_DAYS}`,
    { run, source: place.source },
  )
  const { rows, sessions } = await planWork(effects, place.source, erasure.events, CHUNK_SIZE)
  const target = { run, source: place.source, keepDays: PLAN_DAYS, chunkSize: CHUNK_SIZE }
  await writeWork(effects, target, rows)
  return sessions
}

const RELEASE = `
INSERT INTO recompute_work (run, kind, source, id, from_time, to_time, detail)
SELECT DISTINCT {run:String}, kind, source, id, from_time, to_time, detail
FROM recompute_work WHERE run = {plan:String} AND source = {source:String} AND kind != 'done'`

/** Copies the plan into a run of its own, which the next run of the recomputation takes over as one that was cut off. */
async function releaseWork({ run, randomId }: ForgetEffects, place: RequestPlace): Promise<void> {
  await run(RELEASE, { run: randomId(), plan: planOf(place), source: place.source })
}

const RUNNING = `
SELECT toString(count()) AS running FROM recompute_work
WHERE kind = 'begun' AND at > now64(3) - INTERVAL {patienceMs:UInt32} MILLISECOND
  AND at <= fromUnixTimestamp64Milli({before:Int64})
  AND run NOT IN (SELECT run FROM recompute_work WHERE kind = 'done')`

/** A run that had begun before may write again what it had read before: one that begins now reads nothing of it. */
async function waitForRuns({ read, sleep, patienceMs = PATIENCE_MS }: ForgetEffects): Promise<void> {
  const [clock] = await read<{ now: string }>('SELECT toString(toUnixTimestamp64Milli(now64(3))) AS now')
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += POLL_MS) {
    const [row] = await read<{ running: string }>(RUNNING, { patienceMs, before: clock?.now ?? '0' })
    if (Number(row?.running ?? 0) === 0) return
    await sleep(POLL_MS)
  }
}

/** What was written meanwhile by such a run, or came in before the Workers knew. */
async function eraseLate(effects: ForgetEffects, places: Places, found: Found): Promise<RowCounts> {
  const { source } = found.subject
  const { events } = await findEvents(effects, source, found.person)
  const erasure = { ...found.erasure, events }
  const sessions = await planAll(effects, found.request, erasure)
  return eraseRows(effects, places, { ...erasure, sessions })
}

async function reloadDictionaries({ run }: ForgetEffects, { cluster }: Places): Promise<void> {
  const where = cluster === undefined ? '' : ` ON CLUSTER ${cluster}`
  for (const name of ['person_of_user', 'person_of_anonymous']) {
    await run(`SYSTEM RELOAD DICTIONARY${where} ${name}`)
  }
}
