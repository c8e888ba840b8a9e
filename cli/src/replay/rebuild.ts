/** Makes the tables of events anew beside the live ones, from the lake, and puts them in their place. */

import { type RecomputeOptions, toDateTime } from '@millrace/schemas/recompute'
import { carryOver, continueMerges } from './carry-over.ts'
import { compareEvents, compareTables, type EventDifference, type TableDifference } from './compare.ts'
import {
  type Database,
  dropDatabase,
  isInCluster,
  type MigrateOptions,
  migrateDatabase,
  openDatabase,
  shadowOf,
  stateOf,
  type WarehouseAccess,
} from './databases.ts'
import { copyForgotten, sweepAll } from './forget-shadow.ts'
import type { LoadReport } from './load.ts'
import { CREATE_LEFT_OUT, copyMissing } from './missing-events.ts'
import { recomputeShadow } from './recompute-shadow.ts'
import type { ReplayState } from './state.ts'
import {
  CREATE_STEPS,
  finishSwap,
  readStep,
  type SwapEffects,
  sinceBeginning,
  swapTables,
  writeStep,
} from './swap.ts'

/** What a rebuild works with. */
export interface RebuildEffects {
  access: WarehouseAccess
  state: Pick<ReplayState, 'id' | 'isResumed'>
  /** Loads all sources from the lake into the database of that name. */
  load: (database: Database) => Promise<LoadReport>
  /** Whether to go on; asked before a shadow is dropped and before the swap. */
  confirm: (question: string) => Promise<boolean>
  sleep: (ms: number) => Promise<unknown>
  /** Told in a sentence what is being done. */
  note: (message: string) => void
  /** Told of the differences before the swap. */
  onCompared: (comparison: Comparison) => void
}

/** What is rebuilt, and how. */
export interface RebuildOptions {
  database: string
  sources: readonly string[]
  migrate: MigrateOptions
  recompute: RecomputeOptions
  /** Leaves behind what live has and the lake has not, when it was received over a day before. Default false. */
  discardMissing: boolean
  /** Whether events go through a transform, which may leave some out. */
  isTransformed: boolean
  /** Drops the old tables at the end. */
  dropOld: boolean
  /** Milliseconds since 1970. */
  now: number
}

/** How live and the rebuilt tables differ. */
export interface Comparison {
  /** Of the lake alone, before anything was copied from live. */
  events: EventDifference[]
  /** Of the whole. */
  tables: TableDifference[]
}

/** What came of it. */
export interface RebuildReport {
  /** `declined`: live is as it was. `finished`: only the swap of one before was finished. */
  outcome: 'swapped' | 'declined' | 'finished'
  load?: LoadReport
  comparison?: Comparison
  /** Events copied from live, by source. */
  copied: Record<string, number>
}

/** A rebuild cannot be made; the message says why and what to do. */
export class RebuildRefused extends Error {
  override readonly name = 'RebuildRefused'
}

/** What was received since may still be on its way to the lake. */
const ON_ITS_WAY_MS = 24 * 60 * 60 * 1_000

/**
 * Rebuilds. Until the swap live is only read, save that it is made when it is not there. May be cut off anywhere: a run with
 * the same state goes on.
 *
 * @throws RebuildRefused; what ClickHouse, the lake or a transform throw
 */
export async function rebuild(effects: RebuildEffects, options: RebuildOptions): Promise<RebuildReport> {
  const { access, note } = effects
  const live = openDatabase(access, options.database)
  const shadow = openDatabase(access, shadowOf(options.database))
  await prepareLive(effects, options, live)
  const swap = {
    live,
    shadow,
    sleep: effects.sleep,
    comparesCopies: !options.isTransformed,
    leftOutIn: shadow.name,
    keeps: options.discardMissing ? keptOf(options, shadow) : undefined,
  }
  const known = await readStep(openDatabase(access, ''), shadow.name)
  if (known?.steps.includes('swapping') && !known.steps.includes('swapped')) {
    note('a rebuild before this one was cut off while it swapped the tables: it is finished now')
    await finishSwap(swap, known.id)
    await copyForgotten(live, shadow)
    await sweepAll(live)
    return { outcome: 'finished', copied: {} }
  }
  const goesOn = effects.state.isResumed && known?.id === effects.state.id && !known.steps.includes('swapped')
  if (!goesOn && !(await beginShadow(effects, options, shadow))) return { outcome: 'declined', copied: {} }
  return fill(effects, options, swap)
}

async function prepareLive(
  { access, note }: RebuildEffects,
  { database, migrate }: RebuildOptions,
  live: Database,
): Promise<void> {
  const found = await stateOf(access, database, migrate)
  if (found === 'behind') {
    throw new RebuildRefused(`the tables of ${database} are of an older release: run millrace migrate first`)
  }
  if (found === 'absent') {
    note(`there are no tables in ${database}: making them`)
    await migrateDatabase(access, database, migrate)
  }
  if (await isInCluster(live)) {
    throw new RebuildRefused(
      `the tables of ${database} are spread over a cluster, whose tables cannot be swapped safely; a plain replay into them works`,
    )
  }
}

/** An empty shadow; `false` when somebody does not want what is there to go. */
async function beginShadow(
  { access, state, confirm, note }: RebuildEffects,
  { migrate }: RebuildOptions,
  shadow: Database,
): Promise<boolean> {
  const isThere = (await stateOf(access, shadow.name, migrate)) !== 'absent'
  if (isThere && !(await confirm(`The database ${shadow.name} is dropped and made anew.`))) return false
  await dropDatabase(access, shadow.name)
  note(`making ${shadow.name}`)
  // Events past their time are needed once more: what was counted of them is.
  await migrateDatabase(access, shadow.name, { ...migrate, isForgetful: false })
  for (const sql of [CREATE_STEPS, CREATE_LEFT_OUT]) await shadow.run(sql)
  await writeStep(shadow, state.id, 'loading')
  return true
}

async function fill(
  effects: RebuildEffects,
  options: RebuildOptions,
  swap: SwapEffects,
): Promise<RebuildReport> {
  const { state, note } = effects
  const { live, shadow } = swap
  await copyForgotten(live, shadow)
  const load = await effects.load(shadow)
  if (options.discardMissing && load.failedFiles.length > 0) {
    throw new RebuildRefused(
      'files of the lake could not be read, so what live has must not be discarded: mend them, or leave out --discard-missing',
    )
  }
  note('comparing with live')
  const events = (await compareEvents(live, shadow)).filter(({ source }) => options.sources.includes(source))
  const copied = await bringUp(effects, options, swap)
  const comparison = { events, tables: await compareTables(live, shadow) }
  effects.onCompared(comparison)
  const report = { load, comparison, copied }
  if (!(await effects.confirm(`The tables of ${live.name} are swapped with those of ${shadow.name}.`)))
    return { outcome: 'declined', ...report }
  for (const [source, count] of Object.entries(await bringUp(effects, options, swap)))
    copied[source] = (copied[source] ?? 0) + count
  await continueMerges(live, shadow)
  await migrateDatabase(effects.access, shadow.name, options.migrate)
  note('swapping')
  await swapTables(swap, state.id)
  await finishForgetting(swap)
  await dropOld(effects.access, options)
  return { outcome: 'swapped', ...report }
}

/** Brings the shadow to where live is: events that the lake has not, who is forgotten, and what follows from both. */
async function bringUp(
  effects: RebuildEffects,
  options: RebuildOptions,
  { live, shadow, comparesCopies, leftOutIn, keeps }: SwapEffects,
): Promise<Record<string, number>> {
  const { note, state } = effects
  await writeStep(shadow, state.id, 'copying')
  const copied = await copyMissing({ from: live, to: shadow, comparesCopies, leftOutIn, ...keeps })
  // A run that was cut off may have copied the list and not come to delete.
  if ((await copyForgotten(live, shadow)) || state.isResumed) await sweepAll(shadow)
  note('computing sessions, identities and roll-ups')
  // The lake has the events that are past their time here, so their minutes are whole.
  await recomputeShadow(shadow, { ...options.recompute, horizons: new Map() }, effects)
  if (!options.discardMissing) await carryOver(live, shadow, options.recompute)
  return Object.fromEntries(copied)
}

/** What is not discarded: other sources, what came since the rebuild began, and what may be on its way to the lake. */
function keptOf({ sources, now }: RebuildOptions, shadow: Database) {
  return {
    condition: `source NOT IN {rebuilt:Array(String)} OR received_at >= {onItsWay:DateTime64(3, 'UTC')} OR ${sinceBeginning(shadow.name)}`,
    parameters: { rebuilt: sources, onItsWay: toDateTime(now - ON_ITS_WAY_MS) },
  }
}

/** Who was forgotten while the tables were swapped may have been deleted from the other ones. */
async function finishForgetting({ live, shadow }: SwapEffects): Promise<void> {
  if (await copyForgotten(live, shadow)) await sweepAll(live)
}

async function dropOld(
  access: WarehouseAccess,
  { dropOld: isWanted, database }: RebuildOptions,
): Promise<void> {
  if (isWanted) await dropDatabase(access, shadowOf(database))
}
