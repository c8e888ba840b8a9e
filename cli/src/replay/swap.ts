/**
 * Puts the shadow's tables in the place of the live ones. May be cut off anywhere: which table is which is written down
 * before, so that the next run finishes it.
 */

import type { Database } from './databases.ts'
import { readOne } from './databases.ts'
import { copyMissing } from './missing-events.ts'

/**
 * What changes places: all that is, or follows from, events. Work first, so that a run under way has none any more. What views
 * fill from inserted events comes before the events: an event that is inserted in between goes to the old table, from where
 * it is copied, and not to a new one whose views still fill old tables.
 */
export const SWAPPED_TABLES: readonly string[] = [
  'recompute_work',
  'recompute_state',
  'arrivals',
  'corrections',
  'identity_pairs',
  'identity_aliases',
  'events',
  'corrected_events',
  'identity_merges',
  'identities',
  'sessions',
  'rollup_minute',
  'rollup_hour',
  'rollup_hour_fields',
]

/** Effects of {@link swapTables}. */
export interface SwapEffects {
  live: Database
  shadow: Database
  /** Rejects when the user interrupts. */
  sleep: (ms: number) => Promise<unknown>
  /** Whether copies are compared, see `copyMissing`. */
  comparesCopies: boolean
  leftOutIn?: string | undefined
  /** Condition on events that are brought along though the lake has them not. Default: all. */
  keeps?: { condition: string; parameters: Record<string, unknown> } | undefined
}

/** Steps of a rebuild in the shadow, as written down there. */
const STEPS = 'replay_steps'

/** Makes the table of steps. */
export const CREATE_STEPS = `
CREATE TABLE IF NOT EXISTS ${STEPS} (id String, step String, detail String, at DateTime64(3) DEFAULT now64(3))
ENGINE = MergeTree ORDER BY at`

const POLL_MS = 500

/** How long runs of the recomputation, and inserts into the old table, are waited for. An insert ends itself after 30 s. */
const PATIENCE_MS = 120_000

/** Writes down a step of the rebuild. */
export async function writeStep({ run }: Database, id: string, step: string, detail = ''): Promise<void> {
  await run(`INSERT INTO ${STEPS} (id, step, detail) SELECT {id:String}, {step:String}, {detail:String}`, {
    id,
    step,
    detail,
  })
}

/**
 * The rebuild that a shadow is of, and its steps so far; `undefined` where there is none.
 *
 * @param anywhere asks in no database in particular, because the shadow may not be there
 */
export async function readStep(
  anywhere: Pick<Database, 'read'>,
  name: string,
): Promise<{ id: string; steps: string[] } | undefined> {
  const [table] = await anywhere.read(
    `SELECT 1 FROM system.tables WHERE database = {name:String} AND name = '${STEPS}'`,
    { name },
  )
  if (table === undefined) return undefined
  const rows = await anywhere.read<{ id: string; step: string }>(
    `SELECT id, step FROM ${name}.${STEPS} ORDER BY at`,
  )
  const id = rows.at(-1)?.id
  return id === undefined ? undefined : { id, steps: rows.map(({ step }) => step) }
}

/**
 * Swaps, then copies to live what came to the tables that were live until then. Nothing is lost that is inserted meanwhile.
 * The step `copying` must have been written down before the events were last copied.
 *
 * @param id of the rebuild
 */
export async function swapTables(effects: SwapEffects, id: string): Promise<void> {
  const { live, shadow } = effects
  await hold(effects, id)
  const uuids = await readIds(live)
  await writeStep(shadow, id, 'swapping', JSON.stringify(uuids))
  await finishSwap(effects, id)
}

/** The rest of a swap that was begun: exchanges what is not exchanged yet. Idempotent. */
export async function finishSwap(effects: SwapEffects, id: string): Promise<void> {
  const { live, shadow } = effects
  const { detail } = await readOne<{ detail: string }>(
    shadow,
    `SELECT detail FROM ${STEPS} WHERE id = {id:String} AND step = 'swapping' ORDER BY at DESC LIMIT 1`,
    { id },
  )
  const before = JSON.parse(detail) as Record<string, string>
  const now = await readIds(live)
  for (const table of SWAPPED_TABLES) {
    if (before[table] === now[table])
      await live.run(`EXCHANGE TABLES ${live.name}.${table} AND ${shadow.name}.${table}`)
  }
  await reloadPersons(live)
  await reloadPersons(shadow)
  await copyBack(effects)
  await waitForInserts(effects)
  await copyBack(effects)
  await live.run(lookAgain(shadow.name))
  for (const { run } of [live, shadow]) await run(RELEASE, { id })
  await writeStep(shadow, id, 'swapped')
}

/** What came to the table that was live until the swap, and is in the shadow now, since it was copied last. */
async function copyBack({ live, shadow, comparesCopies, leftOutIn, keeps }: SwapEffects): Promise<void> {
  const since = `inserted_at > (SELECT max(at) - INTERVAL ${MARGIN_MINUTES} MINUTE FROM ${shadow.name}.${STEPS} WHERE step = 'copying')`
  await copyMissing({
    from: shadow,
    to: live,
    comparesCopies,
    leftOutIn,
    condition: keeps === undefined ? since : `${since} AND (${keeps.condition})`,
    ...(keeps === undefined ? {} : { parameters: keeps.parameters }),
  })
}

/** Condition of events that were inserted since a rebuild began. */
export function sinceBeginning(shadow: string): string {
  return `inserted_at >= (SELECT min(at) FROM ${shadow}.${STEPS} WHERE step = 'loading')`
}

/** An insert takes the time of its beginning and is seen at its end. */
const MARGIN_MINUTES = 10

/** A run in between may have computed what came then into tables that were swapped after it: all of it is looked at again. */
function lookAgain(shadow: string): string {
  return `INSERT INTO recompute_state (job, up_to, minutes, sessions, identities, duration_ms)
SELECT 'recompute', max(at) - INTERVAL ${MARGIN_MINUTES} MINUTE, 0, 0, 0, 0 FROM ${shadow}.${STEPS} WHERE step = 'copying'`
}

/** As a run of the recomputation begins: others wait for it. In both, because either is live soon. */
const HOLD = "INSERT INTO recompute_work (run, kind) SELECT {id:String}, 'begun'"
const RELEASE = "INSERT INTO recompute_work (run, kind) SELECT {id:String}, 'done'"

const RUNNING = `
SELECT count() AS running FROM recompute_work
WHERE kind = 'begun' AND run != {id:String} AND at > now64(3) - INTERVAL {patienceMs:UInt32} MILLISECOND
  AND run NOT IN (SELECT run FROM recompute_work WHERE kind = 'done')`

async function hold({ live, shadow, sleep }: SwapEffects, id: string): Promise<void> {
  for (const { run } of [live, shadow]) await run(HOLD, { id })
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += POLL_MS) {
    const { running } = await readOne<{ running: string }>(live, RUNNING, { id, patienceMs: PATIENCE_MS })
    if (Number(running) === 0) return
    await sleep(POLL_MS)
  }
}

/** Inserts that began before the swap go to the old table still. */
async function waitForInserts({ live, sleep }: SwapEffects): Promise<void> {
  const { started } = await readOne<{ started: string }>(live, 'SELECT toString(now64(3)) AS started')
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += POLL_MS) {
    const { running } = await readOne<{ running: string }>(
      live,
      "SELECT count() AS running FROM system.processes WHERE query_kind = 'Insert' AND elapsed * 1000 > dateDiff('millisecond', toDateTime64({started:String}, 3), now64(3))",
      { started },
    )
    if (Number(running) === 0) return
    await sleep(POLL_MS)
  }
}

/** Ids of the tables, which they keep wherever they go. */
async function readIds({ read, name }: Database): Promise<Record<string, string>> {
  const rows = await read<{ name: string; uuid: string }>(
    'SELECT name, toString(uuid) AS uuid FROM system.tables WHERE database = {name:String} AND name IN {tables:Array(String)}',
    { name, tables: SWAPPED_TABLES },
  )
  return Object.fromEntries(rows.map((row) => [row.name, row.uuid]))
}

/** Until then they say what the tables before said. */
async function reloadPersons({ run, name }: Database): Promise<void> {
  for (const dictionary of ['person_of_user', 'person_of_anonymous'])
    await run(`SYSTEM RELOAD DICTIONARY ${name}.${dictionary}`)
}
