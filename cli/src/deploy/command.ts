/** The command `millrace deploy`: what can be typed, and what it means. */

import { checkDatabaseName } from '@millrace/schemas/migrations'
import type { Command } from 'commander'
import { type CommandWorld, parseClickHouseUrl, parseEndpoint, UsageError } from '../command-world.ts'
import { DEFAULT_CONFIG } from '../load-config.ts'
import { toJson } from '../output.ts'
import { createDeployEffects, type DeployOptions, isTerminal } from './effects.ts'
import { runDeploy } from './run-deploy.ts'

/** Options as commander gives them. */
interface DeployFlags {
  env?: string
  dryRun?: boolean
  yes?: boolean
  config: string
  wrangler: string
  clickhouseUrl?: string
  user?: string
  password?: string
  database?: string
  secretsFile?: string
  skipMigrations?: boolean
  allowBreaking?: boolean
  url?: string
  /** `--no-proof` makes it false. */
  proof: boolean
  json?: boolean
}

/** Adds the command to the program. */
export function registerDeploy(program: Command, world: CommandWorld): void {
  program
    .command('deploy')
    .description(
      'check, make queues and bucket, migrate ClickHouse, deploy the Worker with its secrets, prove it',
    )
    .option('--env <name>', 'environment of wrangler.toml (default: CLOUDFLARE_ENV, or production)')
    .option('--dry-run', 'say what would be done, with every command; change nothing')
    .option('--yes', 'lose data without a question where a migration does, and make the keys of sources')
    .option('--config <file>', 'configuration', DEFAULT_CONFIG)
    .option('--wrangler <file>', 'bindings of the Worker', 'wrangler.toml')
    .option(
      '--clickhouse-url <url>',
      'address of ClickHouse from here (default: CLICKHOUSE_URL, or that of wrangler.toml)',
    )
    .option('--user <name>', 'user that migrates (default: CLICKHOUSE_USER, or that of wrangler.toml)')
    .option('--password <password>', 'and password (default: CLICKHOUSE_PASSWORD)')
    .option('--database <name>', 'database (default: CLICKHOUSE_DATABASE, or that of wrangler.toml)')
    .option(
      '--secrets-file <file>',
      'values of secrets that are not set yet, KEY=value (default: .dev.vars.<env>, or .dev.vars.production)',
    )
    .option('--skip-migrations', 'leave ClickHouse as it is')
    .option('--allow-breaking', 'take a change of the tracking plan that breaks older events')
    .option('--url <url>', 'address of the deployed Worker (default: what wrangler says)')
    .option('--no-proof', 'send no event through what was deployed')
    .option('--json', 'print a report as JSON on standard output, and the steps on standard error')
    .addHelpText('after', '\nExit codes: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted')
    .action((flags: DeployFlags) => run(world, flags))
}

async function run(world: CommandWorld, flags: DeployFlags): Promise<void> {
  const { stdout, stderr, done } = world
  const isJson = flags.json === true
  const told = isJson ? stderr : stdout
  const report = await runDeploy(readOptions(world, flags), createDeployEffects(world), {
    write: (text) => void told.write(text),
    writeSecret: (text) => void stderr.write(text),
  })
  if (isJson) stdout.write(toJson(report))
  done(report.exitCode)
}

function readOptions(world: CommandWorld, flags: DeployFlags): DeployOptions {
  const { env, signal } = world
  const { config, wrangler, user, password, database, secretsFile, url } = flags
  if (database !== undefined) checkDatabase(database)
  return {
    ...{ config, wrangler, user, password, database, secretsFile, env },
    // As wrangler has it.
    environment: flags.env || env['CLOUDFLARE_ENV'] || undefined,
    clickhouseUrl: flags.clickhouseUrl === undefined ? undefined : parseClickHouseUrl(flags.clickhouseUrl),
    url: url === undefined ? undefined : parseUrl(url),
    isDryRun: flags.dryRun === true,
    isYes: flags.yes === true,
    hasTerminal: isTerminal(world),
    skipsMigrations: flags.skipMigrations === true,
    allowsBreaking: flags.allowBreaking === true,
    skipsProof: !flags.proof,
    signal: signal ?? new AbortController().signal,
  }
}

function parseUrl(url: string): string {
  try {
    return parseEndpoint(url).replace(/\/+$/, '')
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause
    throw new UsageError(cause.message.replace('--endpoint', '--url'), { cause })
  }
}

function checkDatabase(database: string): void {
  try {
    checkDatabaseName(database)
  } catch (cause) {
    throw new UsageError(`--database: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
