/** The command `millrace replay`: what can be typed, and what it means. */

import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { MillraceConfig, ReplayTransform } from '@millrace/schemas/config'
import type { Manifest, ManifestFile } from '@millrace/schemas/lake'
import { selectFiles } from '@millrace/schemas/lake'
import { MigrationFailure } from '@millrace/schemas/migrations'
import { type RecomputeOptions, readRecomputeOptions } from '@millrace/schemas/recompute'
import type { Command } from 'commander'
import { ClickHouseFailure } from '../clickhouse.ts'
import { type CommandWorld, DEFAULT_ENDPOINT, readTokenOption, UsageError } from '../command-world.ts'
import { type LakeFetch, openRemoteLake } from '../lake/remote-lake.ts'
import { DEFAULT_CONFIG, isFile, loadConfig, loadTransform } from '../load-config.ts'
import { patientFetch } from '../migrate/patient-fetch.ts'
import { toJson } from '../output.ts'
import { printable } from '../printable.ts'
import { confirm, isTerminal } from './confirm.ts'
import {
  type Database,
  dropDatabase,
  migrateDatabase,
  openDatabase,
  shadowOf,
  stateOf,
  type WarehouseAccess,
} from './databases.ts'
import { copyForgotten } from './forget-shadow.ts'
import { createForgottenTest, FORGOTTEN_QUERY } from './forgotten.ts'
import { describeGaps, findGaps, rangeOfFiles } from './hours.ts'
import { createInsert, type InsertFetch } from './insert.ts'
import { type Lake, LakeFailure, openFolderLake } from './lake.ts'
import { createReport, type LoadReport, loadFiles } from './load.ts'
import { LEFT_OUT } from './missing-events.ts'
import {
  ALWAYS,
  checkFlags,
  type ReplayFlags,
  readRange,
  readRate,
  readSources,
  readTokenOf,
} from './options.ts'
import { createReplayProgress } from './progress.ts'
import { RebuildRefused, rebuild } from './rebuild.ts'
import { recomputeShadow } from './recompute-shadow.ts'
import { describeInterruption, formatComparison, formatLoad, plural } from './report.ts'
import type { Range } from './rows.ts'
import { defaultStatePath, openState, type ReplayState } from './state.ts'
import { readStep } from './swap.ts'
import { TransformFailure } from './transform.ts'

const EXIT_FAILED = 1
/** Some files could not be read, or some events not stored; all others are loaded. */
const EXIT_PARTIAL = 3
/** 128 and the number of SIGINT, as shells have it. */
const EXIT_INTERRUPTED = 130

const collect = (value: string, before: string[] = []) => [...before, value]

/** Adds the command to the program. */
export function registerReplay(program: Command, world: CommandWorld): void {
  program
    .command('replay')
    .description('load history from the lake into ClickHouse again, or make its tables anew')
    .option('--source <name>', 'source; may be given several times', collect)
    .option('--from <time>', 'since: 2026-11-21, 2026-11-21T10:00Z, 7d (default: all there is)')
    .option('--to <time>', 'before')
    .option('--into <where>', 'shadow: into the database <database>_shadow, live is not touched')
    .option('--rebuild', 'make all tables of events anew in the shadow, compare, and swap')
    .option('--discard-missing', 'of --rebuild: leave behind what live has and the lake has not')
    .option('--drop-old', 'drop the shadow database, at the end of --rebuild or by itself')
    .option('--rate <rows>', 'most rows a second (default: as fast as it goes)')
    .option('--transform', 'run the function transform of the configuration over every event')
    .option('--skip-failed', 'of --transform: pass over events that it fails on')
    .option('--lake <folder>', 'read what millrace export has written, not the collector')
    .option('--endpoint <url>', 'address of the collector', DEFAULT_ENDPOINT)
    .addOption(readTokenOption())
    .option('--config <file>', 'configuration: sources, measures, retention, transform', DEFAULT_CONFIG)
    .option('--clickhouse-url <url>', 'address of ClickHouse', 'http://127.0.0.1:8123')
    .option('--clickhouse-user <name>', 'user of ClickHouse (default: CLICKHOUSE_USER, or default)')
    .option('--clickhouse-password <password>', 'and password (default: CLICKHOUSE_PASSWORD)')
    .option('--database <name>', 'database of ClickHouse', 'millrace')
    .option('--state <file>', 'where it is remembered what is done (default: in .millrace/)')
    .option('--dry-run', 'say what would be loaded, load nothing')
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON on standard output')
    .action((flags: ReplayFlags) => run(world, flags))
}

/** Runs the work; trouble that is not the user's mistake is one line and exit code 1. */
async function run(world: CommandWorld, flags: ReplayFlags): Promise<void> {
  const { stderr, done } = world
  const signal = world.signal ?? new AbortController().signal
  const replay: { progress?: string } = {}
  try {
    checkFlags(flags)
    const isDrop =
      flags.dropOld === true &&
      flags.rebuild !== true &&
      flags.source === undefined &&
      flags.into === undefined
    if (isDrop) await dropShadow(world, flags, accessOf(world, flags, signal))
    else await start(world, flags, signal, replay)
  } catch (error) {
    if (error instanceof UsageError) throw error
    if (signal.aborted) {
      stderr.write(`millrace: ${replay.progress ?? 'interrupted'}\n`)
      return done(EXIT_INTERRUPTED)
    }
    if (!(error instanceof Error) || !isExpected(error)) throw error
    stderr.write(`millrace: ${printable(error.message)}\n`)
    if (replay.progress !== undefined) stderr.write('The same command again goes on.\n')
    done(EXIT_FAILED)
  }
}

function isExpected(error: Error): boolean {
  return (
    error instanceof ClickHouseFailure ||
    error instanceof MigrationFailure ||
    error instanceof RebuildRefused ||
    error instanceof LakeFailure ||
    error instanceof TransformFailure ||
    error.name === 'RemoteLakeError' ||
    error.constructor === Error
  )
}

/** All that a replay needs, read and checked. */
interface Replay {
  world: CommandWorld
  flags: ReplayFlags
  signal: AbortSignal
  access: WarehouseAccess
  config: MillraceConfig | undefined
  transform: ReplayTransform | undefined
  sources: string[]
  lakes: Map<string, { lake: Lake; manifest: Manifest }>
  /** What an interruption says. */
  status: { progress?: string }
}

async function start(
  world: CommandWorld,
  flags: ReplayFlags,
  signal: AbortSignal,
  status: { progress?: string },
): Promise<void> {
  const path = resolve(flags.config)
  const needsConfig = flags.rebuild === true || flags.into !== undefined || flags.transform === true
  const config = needsConfig || (await isFile(path)) ? await loadConfig(path, flags.config) : undefined
  if (flags.rebuild === true && config?.warehouse?.cluster !== undefined) {
    throw new RebuildRefused(
      'the tables are spread over a cluster, whose tables cannot be swapped safely; a plain replay into them works',
    )
  }
  const sources = readSources(flags, config)
  const transform = flags.transform === true ? await loadTransform(path, flags.config) : undefined
  const base = { world, flags, signal, config, transform, sources, status }
  const lakes = new Map<string, { lake: Lake; manifest: Manifest }>()
  for (const source of sources) {
    const lake = openLake(base, source)
    lakes.set(source, { lake, manifest: await lake.readManifest() })
  }
  const replay: Replay = { ...base, access: accessOf(world, flags, signal), lakes }
  if (flags.dryRun === true) return tellPlan(replay)
  return flags.rebuild === true ? runRebuild(replay) : runReplay(replay)
}

function accessOf(world: CommandWorld, flags: ReplayFlags, signal: AbortSignal): WarehouseAccess {
  const { env } = world
  return {
    url: flags.clickhouseUrl,
    user: flags.clickhouseUser ?? env['CLICKHOUSE_USER'] ?? 'default',
    password: flags.clickhousePassword ?? env['CLICKHOUSE_PASSWORD'] ?? '',
    fetch: world.fetch ?? patientFetch,
    signal,
  }
}

function openLake(
  {
    world,
    flags,
    signal,
    config,
    sources,
  }: Pick<Replay, 'world' | 'flags' | 'signal' | 'config' | 'sources'>,
  source: string,
): Lake {
  if (flags.lake !== undefined) return openFolderLake(resolve(flags.lake), source)
  return openRemoteLake({
    endpoint: flags.endpoint,
    source,
    readToken: readTokenOf(source, { flags, sources, config }, world.env),
    fetch: (world.fetch ?? globalThis.fetch) as unknown as LakeFetch,
    signal,
    onNotice: (message) => void world.stderr.write(`${printable(message)}\n`),
  })
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

function tellPlan(replay: Replay): void {
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

function rowsOf(files: readonly ManifestFile[]): number {
  return files.reduce((sum, { rows }) => sum + rows, 0)
}

function tellGaps({ stderr }: CommandWorld, source: string, gaps: readonly Range[]): void {
  const words = describeGaps(gaps)
  if (words !== undefined) stderr.write(`source ${source}: ${words}\n`)
}

async function runReplay(replay: Replay): Promise<void> {
  const { world, flags, access } = replay
  const live = openDatabase(access, flags.database)
  await requireTables(live)
  const isShadow = flags.into === 'shadow'
  const target = isShadow ? openDatabase(access, shadowOf(flags.database)) : live
  if (isShadow) await prepareShadow(replay, live, target)
  const state = await openStateOf(replay, target, readRange(flags, Date.now()))
  const report = await load(replay, { target, live, state })
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

async function runRebuild(replay: Replay): Promise<void> {
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
      load: (target) => load(replay, { target, live, state }),
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

function endWith({ done }: CommandWorld, { failedFiles, refused }: LoadReport): void {
  if (failedFiles.length + refused.length > 0) done(EXIT_PARTIAL)
}

async function dropShadow(world: CommandWorld, flags: ReplayFlags, access: WarehouseAccess): Promise<void> {
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

function recomputeOptionsOf({ config }: Replay): RecomputeOptions {
  if (config === undefined) throw new UsageError('the configuration is needed')
  return readRecomputeOptions(config, Date.now())
}

function effectsOf({ world, signal }: Replay) {
  return {
    sleep: (ms: number) => delay(ms, undefined, { signal }),
    note: (message: string) => void world.stderr.write(`${printable(message)}\n`),
  }
}

/** Another transform, range or ClickHouse is another replay; so is one into tables that were made anew since. */
async function openStateOf(
  { flags, sources, transform }: Replay,
  target: Database | undefined,
  range: Range,
): Promise<ReplayState> {
  const parameters = {
    sources,
    from: flags.from ?? '',
    to: flags.to ?? '',
    into: flags.into ?? '',
    rebuild: flags.rebuild === true,
    clickhouse: flags.clickhouseUrl,
    database: flags.database,
    lake: flags.lake === undefined ? flags.endpoint : resolve(flags.lake),
    transform: transform === undefined ? '' : String(transform),
  }
  const name = sources.length === 1 ? (sources[0] ?? '') : 'sources'
  const path = flags.state ?? defaultStatePath(name, parameters)
  const [table] =
    target === undefined
      ? []
      : await target.read<{ uuid: string }>(
          "SELECT toString(uuid) AS uuid FROM system.tables WHERE database = {name:String} AND name = 'events'",
          { name: target.name },
        )
  const start = { id: crypto.randomUUID(), range }
  return openState(path, { ...parameters, table: table?.uuid ?? '' }, start)
}

/** Loads all sources, one after the other. */
async function load(
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
