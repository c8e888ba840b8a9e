/** Brings together what a replay needs of what was typed, of the configuration and of the lake. */

import { dirname, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { MillraceConfig, ReplayTransform } from '@millrace/schemas/config'
import type { Manifest } from '@millrace/schemas/lake'
import { type RecomputeOptions, readRecomputeOptions } from '@millrace/schemas/recompute'
import { type CommandWorld, isLoopback, UsageError } from '../command-world.ts'
import { readDevVars } from '../dev-secrets.ts'
import { EXIT_SOME } from '../exit-codes.ts'
import { type LakeFetch, openRemoteLake } from '../lake/remote-lake.ts'
import { isFile, loadConfig, loadTransform } from '../load-config.ts'
import { patientFetch } from '../migrate/patient-fetch.ts'
import { printable } from '../printable.ts'
import type { Database, WarehouseAccess } from './databases.ts'
import { type Lake, openFolderLake } from './lake.ts'
import type { LoadReport } from './load.ts'
import { type ReplayFlags, readSources, readTokenOf } from './options.ts'
import { RebuildRefused } from './rebuild.ts'
import type { Range } from './rows.ts'
import { defaultStatePath, openState, type ReplayState } from './state.ts'

/** All that a replay needs, read and checked. */
export interface Replay {
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

/** Reads and checks it; manifests are read, ClickHouse is not asked yet. */
export async function openReplay(
  world: CommandWorld,
  flags: ReplayFlags,
  signal: AbortSignal,
  status: { progress?: string },
): Promise<Replay> {
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
  const secrets = isLoopback(flags.endpoint) ? await readDevVars(dirname(path)) : {}
  const lakes = new Map<string, { lake: Lake; manifest: Manifest }>()
  for (const source of sources) {
    const lake = openLake({ ...base, secrets }, source)
    lakes.set(source, { lake, manifest: await lake.readManifest() })
  }
  return { ...base, access: accessOf(world, flags, signal), lakes }
}

/** How ClickHouse is reached. */
export function accessOf(world: CommandWorld, flags: ReplayFlags, signal: AbortSignal): WarehouseAccess {
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
    secrets,
  }: Pick<Replay, 'world' | 'flags' | 'signal' | 'config' | 'sources'> & { secrets: CommandWorld['env'] },
  source: string,
): Lake {
  if (flags.lake !== undefined) return openFolderLake(resolve(flags.lake), source)
  return openRemoteLake({
    endpoint: flags.endpoint,
    source,
    readToken: readTokenOf(source, { flags, sources, config }, { ...secrets, ...world.env }),
    fetch: (world.fetch ?? globalThis.fetch) as unknown as LakeFetch,
    signal,
    onNotice: (message) => void world.stderr.write(`${printable(message)}\n`),
  })
}

/** What the recomputation needs of the configuration. */
export function recomputeOptionsOf({ config }: Replay): RecomputeOptions {
  if (config === undefined) throw new UsageError('the configuration is needed')
  return readRecomputeOptions(config, Date.now())
}

/** Waits that an interruption ends, and sentences on standard error. */
export function effectsOf({ world, signal }: Replay) {
  return {
    sleep: (ms: number) => delay(ms, undefined, { signal }),
    note: (message: string) => void world.stderr.write(`${printable(message)}\n`),
  }
}

/** Sets the exit code by what was not loaded. */
export function endWith({ done }: CommandWorld, { failedFiles, refused }: LoadReport): void {
  if (failedFiles.length + refused.length > 0) done(EXIT_SOME)
}

/** Another transform, range or ClickHouse is another replay; so is one into tables that were made anew since. */
export async function openStateOf(
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
    discardMissing: flags.discardMissing === true,
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
