/** The command `millrace doctor`: what can be typed, and what it means. */

import { checkDatabaseName } from '@millrace/schemas/migrations'
import type { Command } from 'commander'
import {
  type CommandWorld,
  collectorFetch,
  DEFAULT_ENDPOINT,
  parseClickHouseUrl,
  parseEndpoint,
  UsageError,
} from '../command-world.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED } from '../exit-codes.ts'
import { DEFAULT_CONFIG } from '../load-config.ts'
import { toJson } from '../output.ts'
import { createDoctorEffects } from './effects.ts'
import { countFindings, formatFindings } from './report.ts'
import { type DoctorOptions, runDoctor } from './run-doctor.ts'

/** Options as commander gives them. */
interface DoctorFlags {
  endpoint: string
  config: string
  wrangler: string
  env?: string
  clickhouseUrl?: string
  user?: string
  password?: string
  database?: string
  remote?: boolean
  probe?: string | true
  json?: boolean
}

/** Adds the command to the program. */
export function registerDoctor(program: Command, world: CommandWorld): void {
  program
    .command('doctor')
    .description(
      'check configuration, bindings, collector, ClickHouse and pipeline, and say how to mend what is wrong',
    )
    .option('--url, --endpoint <url>', 'address of the collector', DEFAULT_ENDPOINT)
    .option('--config <file>', 'configuration', DEFAULT_CONFIG)
    .option('--wrangler <file>', 'bindings of the Worker', 'wrangler.toml')
    .option('--env <name>', 'environment of wrangler.toml (default: all that it has)')
    .option('--remote', 'ask Cloudflare too: consumers and secrets, by the wrangler of the project')
    .option(
      '--probe [source]',
      'send one event through the pipeline; it stays in the source (default: the first)',
    )
    .option(
      '--clickhouse-url <url>',
      'address of ClickHouse (default: CLICKHOUSE_URL, or that of wrangler.toml)',
    )
    .option('--user <name>', 'user of ClickHouse (default: CLICKHOUSE_USER, or that of wrangler.toml)')
    .option('--password <password>', 'and password (default: CLICKHOUSE_PASSWORD)')
    .option(
      '--database <name>',
      'database of ClickHouse (default: CLICKHOUSE_DATABASE, or that of wrangler.toml)',
    )
    .option('--json', 'print JSON on standard output')
    .action((flags: DoctorFlags) => run(world, flags))
}

async function run(world: CommandWorld, flags: DoctorFlags): Promise<void> {
  const { stdout, stderr, done } = world
  const options = readOptions(world, flags)
  try {
    const findings = await runDoctor(options, createDoctorEffects(collectorFetch(world)))
    const counts = countFindings(findings)
    stdout.write(flags.json === true ? toJson({ counts, findings }) : formatFindings(findings))
    if (counts.problem > 0) done(EXIT_FAILED)
  } catch (error) {
    if (!options.signal.aborted) throw error
    stderr.write('millrace: interrupted\n')
    done(EXIT_INTERRUPTED)
  }
}

function readOptions({ env, signal }: CommandWorld, flags: DoctorFlags): DoctorOptions {
  const { config, wrangler, user, password, database, remote, probe } = flags
  if (database !== undefined) checkDatabase(database)
  return {
    ...{ config, wrangler, user, password, database, probe, env },
    environment: flags.env,
    endpoint: parseEndpoint(flags.endpoint).replace(/\/+$/, ''),
    clickhouseUrl: flags.clickhouseUrl === undefined ? undefined : parseClickHouseUrl(flags.clickhouseUrl),
    isRemote: remote === true,
    signal: signal ?? new AbortController().signal,
  }
}

function checkDatabase(database: string): void {
  try {
    checkDatabaseName(database)
  } catch (cause) {
    throw new UsageError(`--database: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
