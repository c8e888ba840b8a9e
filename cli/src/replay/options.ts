/** What is typed after `millrace replay`, checked. */

import type { MillraceConfig } from '@millrace/schemas/config'
import {
  type CommandWorld,
  DEV_SOURCE,
  findReadToken,
  isLoopback,
  parseClickHouseUrl,
  parseEndpoint,
  parseSource,
  UsageError,
} from '../command-world.ts'
import { parseTime } from '../quarantine/filter.ts'
import type { Range } from './rows.ts'

/** Options as commander gives them. */
export interface ReplayFlags {
  source?: string[]
  from?: string
  to?: string
  into?: string
  rebuild?: boolean
  discardMissing?: boolean
  dropOld?: boolean
  rate?: string
  transform?: boolean
  skipFailed?: boolean
  state?: string
  lake?: string
  endpoint: string
  readToken?: string
  config: string
  clickhouseUrl: string
  clickhouseUser?: string
  clickhousePassword?: string
  database: string
  dryRun?: boolean
  yes?: boolean
  json?: boolean
}

/** After every time that an event may have. */
export const ALWAYS: Range = { from: 0, to: Date.UTC(2200, 0, 1) }

const DATABASE_NAME = /^[a-z_][a-z0-9_]{0,63}$/i

/** Refuses what makes no sense together. */
export function checkFlags(flags: ReplayFlags): void {
  const { rebuild = false } = flags
  if (flags.into !== undefined && flags.into !== 'shadow')
    throw new UsageError(`--into must be shadow, got ${JSON.stringify(flags.into)}`)
  if (rebuild && (flags.into ?? flags.from ?? flags.to) !== undefined)
    throw new UsageError('--rebuild is about the whole history: leave out --from, --to and --into')
  if (!rebuild && flags.discardMissing === true)
    throw new UsageError('--discard-missing belongs to --rebuild')
  const others = [flags.source, flags.into, flags.from, flags.to]
  if (flags.dropOld === true && !rebuild && others.some((value) => value !== undefined))
    throw new UsageError('--drop-old stands by itself, or with --rebuild')
  if (flags.skipFailed === true && flags.transform !== true)
    throw new UsageError('--skip-failed belongs to --transform')
  if (!DATABASE_NAME.test(flags.database))
    throw new UsageError(`--database must be letters, digits and "_", got ${JSON.stringify(flags.database)}`)
  parseEndpoint(flags.endpoint)
  parseClickHouseUrl(flags.clickhouseUrl)
}

/** The sources that are named; for a rebuild, otherwise all of the configuration, and `dev` on this machine. */
export function readSources(flags: ReplayFlags, config: MillraceConfig | undefined): string[] {
  const named = [...new Set((flags.source ?? []).map(parseSource))]
  if (named.length > 0) return named
  if (flags.rebuild !== true || config === undefined)
    throw new UsageError('say which source: --source is needed, and may be given several times')
  const isHere = flags.lake !== undefined || isLoopback(flags.endpoint)
  return [...config.sources.map(({ name }) => name), ...(isHere ? [DEV_SOURCE] : [])]
}

/** Most rows a second, or `undefined`. */
export function readRate({ rate }: ReplayFlags): number | undefined {
  if (rate === undefined) return undefined
  const value = Number(rate)
  if (Number.isFinite(value) && value > 0) return value
  throw new UsageError(`--rate must be rows a second, a number over 0, got ${JSON.stringify(rate)}`)
}

/** The range of `timestamp`; all there is where nothing is said. */
export function readRange({ from, to }: ReplayFlags, now: number): Range {
  const range = {
    from: from === undefined ? ALWAYS.from : parseTime(from, '--from', now),
    to: to === undefined ? ALWAYS.to : parseTime(to, '--to', now),
  }
  if (range.from < range.to) return range
  throw new UsageError('--from must be before --to')
}

/**
 * The read token of a source: as typed where there is one source, otherwise the variable that the configuration names, or
 * `MILLRACE_READ_TOKEN`.
 */
export function readTokenOf(
  source: string,
  {
    flags,
    sources,
    config,
  }: { flags: ReplayFlags; sources: readonly string[]; config: MillraceConfig | undefined },
  env: CommandWorld['env'],
): string {
  const variable = config?.sources.find(({ name }) => name === source)?.readTokenVar
  const named = variable === undefined ? undefined : env[variable]
  const readToken = sources.length === 1 ? (flags.readToken ?? named) : named
  return findReadToken(
    { source, endpoint: flags.endpoint, ...(readToken === undefined ? {} : { readToken }) },
    env,
  )
}
