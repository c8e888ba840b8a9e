/** A replay into the live database, or into its shadow. */

import { ClickHouseFailure } from '../clickhouse.ts'
import { toJson } from '../output.ts'
import { type Database, migrateDatabase, openDatabase, shadowOf, stateOf } from './databases.ts'
import { copyForgotten } from './forget-shadow.ts'
import { loadSources } from './load-sources.ts'
import { effectsOf, endWith, openStateOf, type Replay, recomputeOptionsOf } from './open-replay.ts'
import { readRange } from './options.ts'
import { RebuildRefused } from './rebuild.ts'
import { recomputeShadow } from './recompute-shadow.ts'
import { formatLoad } from './report.ts'
import { readStep } from './swap.ts'

/** Runs it, and says what came of it. */
export async function runReplay(replay: Replay): Promise<void> {
  const { world, flags, access } = replay
  const live = openDatabase(access, flags.database)
  await requireTables(live)
  const isShadow = flags.into === 'shadow'
  const target = isShadow ? openDatabase(access, shadowOf(flags.database)) : live
  if (isShadow) await prepareShadow(replay, live, target)
  const state = await openStateOf(replay, target, readRange(flags, Date.now()))
  const report = await loadSources(replay, { target, live, state })
  if (isShadow) {
    await recomputeShadow(target, { ...recomputeOptionsOf(replay), horizons: new Map() }, effectsOf(replay))
  }
  if (report.failedFiles.length === 0) await state.remove()
  world.stdout.write(
    flags.json === true ? toJson({ database: target.name, ...report }) : formatLoad(report, target.name),
  )
  if (flags.json !== true && !isShadow)
    world.stdout.write('what is computed from them follows with the next recomputation, within two minutes\n')
  endWith(world, report)
}

async function requireTables(live: Database): Promise<void> {
  const found = await live.read(
    "SELECT 1 FROM system.tables WHERE database = {name:String} AND name IN ('events', 'forgotten') LIMIT 2",
    { name: live.name },
  )
  if (found.length < 2)
    throw new ClickHouseFailure(
      `there are no tables in the database ${live.name}: run millrace migrate first`,
    )
}

async function prepareShadow({ access, flags }: Replay, live: Database, shadow: Database): Promise<void> {
  const options = { config: flags.config }
  if (
    (await stateOf(access, shadow.name, options)) !== 'absent' &&
    (await readStep(openDatabase(access, ''), shadow.name)) !== undefined
  ) {
    throw new RebuildRefused(
      `${shadow.name} holds the tables of a rebuild: drop it first with millrace replay --drop-old`,
    )
  }
  await migrateDatabase(access, shadow.name, { ...options, isForgetful: false })
  await copyForgotten(live, shadow)
}
