/** Loads the files of all sources of a replay, one source after the other, and tells what the lake has not. */

import type { ManifestFile } from '@millrace/schemas/lake'
import { selectFiles } from '@millrace/schemas/lake'
import type { CommandWorld } from '../command-world.ts'
import { toJson } from '../output.ts'
import type { Database } from './databases.ts'
import { createForgottenTest, FORGOTTEN_QUERY } from './forgotten.ts'
import { describeGaps, findGaps, rangeOfFiles } from './hours.ts'
import { createInsert, type InsertFetch } from './insert.ts'
import { createReport, type LoadReport, loadFiles } from './load.ts'
import { LEFT_OUT } from './missing-events.ts'
import { effectsOf, type Replay } from './open-replay.ts'
import { ALWAYS, readRange, readRate } from './options.ts'
import { createReplayProgress } from './progress.ts'
import { describeInterruption, plural } from './report.ts'
import type { Range } from './rows.ts'
import type { ReplayState } from './state.ts'

/** Loads all sources, one after the other. */
export async function loadSources(
  replay: Replay,
  { target, live, state }: { target: Database; live: Database; state: ReplayState },
): Promise<LoadReport> {
  const { world, flags, transform, signal, status } = replay
  const plan = planOf(replay, state.range)
  for (const { source, gaps } of plan) tellGaps(world, source, gaps)
  const total = plan.flatMap(({ files }) => files).filter((file) => !state.has(file))
  const progress = createReplayProgress(world.stderr, { rows: rowsOf(total), files: total.length })
  const sum = createReport()
  try {
    for (const part of plan) {
      if (part.files.length === 0) progress.note(`the lake has no files of ${part.source} for this range`)
      const isForgotten = createForgottenTest(await readForgotten(live, part.source))
      const report = await loadFiles(
        {
          lake: part.lake,
          insert: createInsert({
            ...replay.access,
            database: target.name,
            fetch: (world.fetch ?? globalThis.fetch) as unknown as InsertFetch,
          }),
          isForgotten,
          state,
          now: () => performance.now(),
          sleep: effectsOf(replay).sleep,
          onProgress: ({ rows, files }) => {
            signal.throwIfAborted()
            status.progress = describeInterruption(
              sum.files + sum.filesBefore + files,
              plan.flatMap((item) => item.files).length,
            )
            progress.update({ rows: rows + seenRows(plan, part), files: sum.files + files })
          },
          ...(flags.rebuild === true ? { onLeftOut: rememberLeftOut(target) } : {}),
        },
        {
          source: part.source,
          files: part.files,
          range: state.range,
          rate: readRate(flags),
          transform,
          skipFailed: flags.skipFailed === true,
        },
      )
      addReport(sum, report)
    }
    return sum
  } finally {
    progress.stop()
  }
}

/** Rows of the sources before this one. */
function seenRows(plan: Plan, part: Plan[number]): number {
  return rowsOf(plan.slice(0, plan.indexOf(part)).flatMap(({ files }) => files))
}

async function readForgotten(live: Database, source: string): Promise<Set<string>> {
  const rows = await live.read<{ id_hash: string }>(FORGOTTEN_QUERY, { source })
  return new Set(rows.map(({ id_hash }) => id_hash))
}

/** So that they are not copied from live. */
function rememberLeftOut(target: Database) {
  return async (source: string, messageIds: readonly string[]) => {
    const lines = messageIds.map((message_id) => JSON.stringify({ source, message_id }))
    await target.run(`INSERT INTO ${LEFT_OUT} (source, message_id) FORMAT JSONEachRow\n${lines.join('\n')}`)
  }
}

function addReport(sum: LoadReport, { failedFiles, refused, ...counts }: LoadReport): void {
  sum.failedFiles.push(...failedFiles)
  sum.refused.push(...refused)
  for (const [name, value] of Object.entries(counts)) sum[name as keyof typeof counts] += value
}
/** Says what would be loaded. */
export function tellPlan(replay: Replay): void {
  const { world, flags } = replay
  const plan = planOf(replay, readRange(flags, Date.now()))
  const summary = plan.map(({ source, files, gaps }) => ({
    source,
    files: files.length,
    rows: rowsOf(files),
    gaps: gaps.map(({ from, to }) => ({
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
    })),
  }))
  if (flags.json === true) {
    world.stdout.write(toJson(summary))
    return
  }
  for (const { source, files, gaps } of plan) {
    world.stdout.write(
      `source ${source}: ${plural(files.length, 'file')} with ${plural(rowsOf(files), 'row')}\n`,
    )
    tellGaps(world, source, gaps)
  }
  world.stdout.write('dry run, nothing was loaded\n')
}

/** The files of each source that may have events of the range, and the hours that none has. */
function planOf({ lakes }: Replay, range: Range) {
  return [...lakes].map(([source, { lake, manifest }]) => {
    const files = selectFiles(manifest, range)
    const known = rangeOfFiles(manifest.files)
    const asked = {
      from: Math.max(range.from, range.from === ALWAYS.from ? (known?.from ?? 0) : range.from),
      to: Math.min(range.to, range.to === ALWAYS.to ? (known?.to ?? 0) : Date.now()),
    }
    return { source, lake, files, gaps: findGaps(manifest.files, asked) }
  })
}

type Plan = ReturnType<typeof planOf>

function rowsOf(files: readonly ManifestFile[]): number {
  return files.reduce((sum, { rows }) => sum + rows, 0)
}

function tellGaps({ stderr }: CommandWorld, source: string, gaps: readonly Range[]): void {
  const words = describeGaps(gaps)
  if (words !== undefined) stderr.write(`source ${source}: ${words}\n`)
}
