/** The command `millrace replay`: what can be typed, and how it ends. */

import { MigrationFailure } from '@millrace/schemas/migrations'
import type { Command } from 'commander'
import { ClickHouseFailure } from '../clickhouse.ts'
import { type CommandWorld, repeatedOption, UsageError, withReadAccess } from '../command-world.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED } from '../exit-codes.ts'
import { DEFAULT_CONFIG } from '../load-config.ts'
import { printable } from '../printable.ts'
import { LakeFailure } from './lake.ts'
import { tellPlan } from './load-sources.ts'
import { accessOf, openReplay } from './open-replay.ts'
import { checkFlags, type ReplayFlags } from './options.ts'
import { RebuildRefused } from './rebuild.ts'
import { dropShadow, runRebuild } from './run-rebuild.ts'
import { runReplay } from './run-replay.ts'
import { TransformFailure } from './transform.ts'

/** Adds the command to the program. */
export function registerReplay(program: Command, world: CommandWorld): void {
  const command = program
    .command('replay')
    .description('load history from the lake into ClickHouse again, or make its tables anew')
    .addOption(repeatedOption('--source <name>', 'source'))
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
  withReadAccess(command)
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
  const status: { progress?: string } = {}
  try {
    checkFlags(flags)
    if (flags.dropOld === true && flags.rebuild !== true)
      return await dropShadow(world, flags, accessOf(world, flags, signal))
    const replay = await openReplay(world, flags, signal, status)
    if (flags.dryRun === true) tellPlan(replay)
    else if (flags.rebuild === true) await runRebuild(replay)
    else await runReplay(replay)
  } catch (error) {
    if (error instanceof UsageError) throw error
    if (signal.aborted) {
      stderr.write(`millrace: ${status.progress ?? 'interrupted'}\n`)
      return done(EXIT_INTERRUPTED)
    }
    if (!(error instanceof Error) || !isExpected(error)) throw error
    stderr.write(`millrace: ${printable(error.message)}\n`)
    if (status.progress !== undefined) stderr.write('The same command again goes on.\n')
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
