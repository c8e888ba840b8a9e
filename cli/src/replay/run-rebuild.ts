/** A rebuild as it is typed: asks, and says what came of it. Also drops what it leaves. */

import type { CommandWorld } from '../command-world.ts'
import { EXIT_FAILED } from '../exit-codes.ts'
import { toJson } from '../output.ts'
import { confirm, isTerminal } from './confirm.ts'
import { type Database, dropDatabase, openDatabase, shadowOf, type WarehouseAccess } from './databases.ts'
import { loadSources } from './load-sources.ts'
import { effectsOf, endWith, openStateOf, type Replay, recomputeOptionsOf } from './open-replay.ts'
import { ALWAYS, type ReplayFlags } from './options.ts'
import { RebuildRefused, rebuild } from './rebuild.ts'
import { formatComparison, formatLoad, plural } from './report.ts'
import { readStep } from './swap.ts'

/** Runs it. */
export async function runRebuild(replay: Replay): Promise<void> {
  const { world, flags, access, sources } = replay
  const live = openDatabase(access, flags.database)
  const shadow = openDatabase(access, shadowOf(flags.database))
  const state = await openStateOf(replay, undefined, ALWAYS)
  const ask = async (question: string) => flags.yes === true || (await confirm(world, question))
  const { sleep, note } = effectsOf(replay)
  const report = await rebuild(
    {
      access,
      state,
      load: (target) => loadSources(replay, { target, live, state }),
      confirm: ask,
      sleep,
      note,
      onCompared: (comparison) => {
        if (flags.json !== true) world.stdout.write(formatComparison(comparison))
      },
    },
    {
      database: flags.database,
      sources,
      migrate: { config: flags.config },
      recompute: recomputeOptionsOf(replay),
      discardMissing: flags.discardMissing === true,
      isTransformed: replay.transform !== undefined,
      dropOld: flags.dropOld === true,
      now: Date.now(),
    },
  )
  if (report.outcome !== 'declined') await state.remove()
  if (flags.json === true) world.stdout.write(toJson(report))
  else {
    if (report.load !== undefined) world.stdout.write(formatLoad(report.load, shadow.name))
    world.stdout.write(describeOutcome(report.outcome, report.copied, { live, shadow, flags }))
  }
  if (report.outcome === 'declined') {
    if (!isTerminal(world)) world.stderr.write('millrace: nobody can be asked here: --yes allows it\n')
    return world.done(EXIT_FAILED)
  }
  if (report.load !== undefined) endWith(world, report.load)
}

function describeOutcome(
  outcome: 'swapped' | 'declined' | 'finished',
  copied: Readonly<Record<string, number>>,
  { live, shadow, flags }: { live: Database; shadow: Database; flags: ReplayFlags },
): string {
  if (outcome === 'declined') return `${live.name} is as it was\n`
  const lines = Object.entries(copied).map(
    ([source, rows]) => `${plural(rows, 'event')} of ${source} copied from what was live`,
  )
  lines.push(`${live.name} has the rebuilt tables now`)
  if (flags.dropOld !== true || outcome === 'finished') {
    lines.push(`those of before are in ${shadow.name} until the next rebuild, or millrace replay --drop-old`)
  }
  return `${lines.join('\n')}\n`
}

/** Drops the shadow database by itself. */
export async function dropShadow(
  world: CommandWorld,
  flags: ReplayFlags,
  access: WarehouseAccess,
): Promise<void> {
  const name = shadowOf(flags.database)
  const shadow = openDatabase(access, name)
  const known = await readStep(openDatabase(access, ''), name)
  if (known?.steps.includes('swapping') && !known.steps.includes('swapped')) {
    throw new RebuildRefused(
      `a rebuild was cut off while it swapped the tables: run millrace replay --rebuild, which finishes it, before ${shadow.name} is dropped`,
    )
  }
  if (flags.yes !== true && !(await confirm(world, `The database ${name} is dropped.`))) {
    world.stderr.write(
      isTerminal(world)
        ? 'millrace: nothing was changed\n'
        : 'millrace: nobody can be asked here: --yes allows it\n',
    )
    return world.done(EXIT_FAILED)
  }
  await dropDatabase(access, name)
  world.stdout.write(flags.json === true ? toJson({ dropped: name }) : `${name} is dropped\n`)
}
