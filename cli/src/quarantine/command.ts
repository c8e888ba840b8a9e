/** The commands `millrace quarantine list|show|replay`: what can be typed, and what it means. */

import type { FetchLike } from '@millrace/node'
import { type Command, Option } from 'commander'
import { ClickHouseFailure, createQuery, type QueryRows } from '../clickhouse.ts'
import {
  type CommandWorld,
  DEFAULT_ENDPOINT,
  findSecretKey,
  parseClickHouseUrl,
  parseEndpoint,
  parseSource,
  secretKeyOption,
} from '../command-world.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED } from '../exit-codes.ts'
import { DEFAULT_CONFIG } from '../load-config.ts'
import { toJson } from '../output.ts'
import { printable } from '../printable.ts'
import { parseTime, type QuarantineFilter } from './filter.ts'
import { formatList, listQuarantine } from './list.ts'
import { createPoster } from './post.ts'
import { replayQuarantine } from './replay.ts'
import { exitCodeOf, formatReplay } from './replay-report.ts'
import { findQuarantined, formatEvent } from './show.ts'
import { describeUnknownSource } from './unknown-source.ts'

/** Options that all three share, as commander gives them. */
interface WarehouseFlags {
  source: string
  clickhouseUrl: string
  user?: string
  password?: string
  database: string
  json?: boolean
}

interface FilterFlags extends WarehouseFlags {
  config: string
  reason?: string
  event?: string
  since?: string
  until?: string
}

interface ReplayFlags extends FilterFlags {
  endpoint: string
  secretKey?: string
  dryRun?: boolean
}

/** Adds the commands to the program. */
export function registerQuarantine(program: Command, world: CommandWorld): void {
  const { stdout, done } = world
  const quarantine = program
    .command('quarantine')
    .description('look at events that were refused for their content, and replay them')

  withFilter(withWarehouse(quarantine.command('list')))
    .description('count refused events by name, reason and place')
    .action((flags: FilterFlags) =>
      run(world, flags, async (query) => {
        const filter = readFilter(flags)
        const groups = await listQuarantine(query, filter)
        stdout.write(flags.json === true ? toJson(groups) : formatList(groups, filter))
        if (groups.length === 0) await warnOfUnknownSource(world, flags)
      }),
    )

  withWarehouse(quarantine.command('show'))
    .description('everything that is known of one refused event')
    .argument('<id>', 'its message id')
    .action((id: string, flags: WarehouseFlags) =>
      run(world, flags, async (query) => {
        const row = await findQuarantined(query, flags.source, id)
        if (row === undefined) {
          throw new NotFound(`the quarantine of ${flags.source} has no event ${id}`)
        }
        stdout.write(flags.json === true ? toJson(row) : formatEvent(row))
      }),
    )

  withFilter(withWarehouse(quarantine.command('replay')))
    .description('send refused events again, under the tracking plan as it is now')
    .option('--endpoint <url>', 'address of the collector', DEFAULT_ENDPOINT)
    .addOption(secretKeyOption())
    .option('--dry-run', 'read and count, send nothing')
    .action((flags: ReplayFlags) =>
      run(world, flags, async (query, effects) => {
        const post = flags.dryRun === true ? undefined : openPoster(world, flags, effects)
        const report = await replayQuarantine({ ...effects, filter: readFilter(flags), query, post })
        stdout.write(flags.json === true ? toJson(report) : formatReplay(report, flags.source))
        done(exitCodeOf(report))
        if (report.found === 0) await warnOfUnknownSource(world, flags)
      }),
    )
}

async function warnOfUnknownSource({ stderr }: CommandWorld, { source, config }: FilterFlags): Promise<void> {
  const warning = await describeUnknownSource(source, config)
  if (warning !== undefined) stderr.write(`millrace: warning: ${printable(warning)}\n`)
}

/** What was asked for is not there. */
class NotFound extends Error {}

interface Effects {
  fetch: FetchLike
  signal: AbortSignal
}

/** Runs one command's work; trouble that is not the user's mistake is one line and exit code 1. */
async function run(
  { env, stderr, done, ...world }: CommandWorld,
  flags: WarehouseFlags,
  work: (query: QueryRows, effects: Effects) => Promise<void>,
): Promise<void> {
  const effects = { fetch: world.fetch ?? fetch, signal: world.signal ?? new AbortController().signal }
  parseSource(flags.source)
  const query = createQuery({
    ...effects,
    url: parseClickHouseUrl(flags.clickhouseUrl),
    user: flags.user ?? env['CLICKHOUSE_USER'] ?? 'default',
    password: flags.password ?? env['CLICKHOUSE_PASSWORD'] ?? '',
    database: flags.database,
  })
  try {
    await work(query, effects)
  } catch (error) {
    if (effects.signal.aborted) return done(EXIT_INTERRUPTED)
    if (!(error instanceof ClickHouseFailure) && !(error instanceof NotFound)) throw error
    stderr.write(`millrace: ${printable(error.message)}\n`)
    done(EXIT_FAILED)
  }
}

function openPoster({ env, stderr }: CommandWorld, flags: ReplayFlags, effects: Effects) {
  return createPoster({
    ...effects,
    endpoint: parseEndpoint(flags.endpoint),
    secretKey: findSecretKey(flags, env),
    onNotice: (message) => void stderr.write(`${printable(message)}\n`),
  })
}

function withWarehouse(command: Command): Command {
  return command
    .requiredOption('--source <name>', 'source that the events belong to')
    .option('--clickhouse-url <url>', 'address of ClickHouse', 'http://127.0.0.1:8123')
    .option('--user <name>', 'user of ClickHouse (default: CLICKHOUSE_USER, or default)')
    .option('--password <password>', 'and password (default: CLICKHOUSE_PASSWORD)')
    .addOption(new Option('--database <name>', 'database of ClickHouse').default('millrace'))
    .option('--json', 'print JSON on standard output')
}

function withFilter(command: Command): Command {
  return command
    .option('--reason <reason>', 'only events refused for this reason: plan_violation, impossible_time ...')
    .option('--event <name>', 'only events of this name, or type where they have none')
    .option('--since <time>', 'only events received since: 2026-11-21, 2026-11-21T10:00Z, 24h')
    .option('--until <time>', 'only events received before')
    .option('--config <file>', 'configuration that says which sources there are', DEFAULT_CONFIG)
}

function readFilter({ source, reason, event, since, until }: FilterFlags): QuarantineFilter {
  const now = Date.now()
  return {
    source,
    reason,
    event,
    since: since === undefined ? undefined : parseTime(since, '--since', now),
    until: until === undefined ? undefined : parseTime(until, '--until', now),
  }
}
