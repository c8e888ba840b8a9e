/** The options and the connection of commands that work on ClickHouse itself, and how their failures end. */

import type { EraseStatements } from '@millrace/schemas/erase'
import type { Command } from 'commander'
import { ClickHouseFailure } from '../clickhouse.ts'
import { type CommandWorld, parseClickHouseUrl, parseSource } from '../command-world.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED } from '../exit-codes.ts'
import { printable } from '../printable.ts'
import { UnclearPerson } from './person.ts'
import { createStatements } from './statements.ts'

/** Options as commander gives them. */
export interface WarehouseFlags {
  source: string
  clickhouseUrl: string
  clickhouseUser?: string
  clickhousePassword?: string
  database: string
  json?: boolean
}

/** Adds them; `--user` is left to whom a command is about. */
export function withWarehouse(command: Command): Command {
  return command
    .requiredOption('--source <name>', 'source that the events belong to')
    .option('--clickhouse-url <url>', 'address of ClickHouse', 'http://127.0.0.1:8123')
    .option('--clickhouse-user <name>', 'user of ClickHouse (default: CLICKHOUSE_USER, or default)')
    .option('--clickhouse-password <password>', 'and password (default: CLICKHOUSE_PASSWORD)')
    .option('--database <name>', 'database of ClickHouse', 'millrace')
    .option('--json', 'print JSON on standard output')
}

/** Runs a command's work; trouble that is not the user's mistake is one line and exit code 1. */
export async function runOnWarehouse(
  { env, stderr, done, ...world }: CommandWorld,
  flags: WarehouseFlags,
  work: (statements: EraseStatements, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const signal = world.signal ?? new AbortController().signal
  parseSource(flags.source)
  const statements = createStatements({
    url: parseClickHouseUrl(flags.clickhouseUrl),
    user: flags.clickhouseUser ?? env['CLICKHOUSE_USER'] ?? 'default',
    password: flags.clickhousePassword ?? env['CLICKHOUSE_PASSWORD'] ?? '',
    database: flags.database,
    fetch: world.fetch ?? fetch,
    signal,
  })
  try {
    await work(statements, signal)
  } catch (error) {
    if (signal.aborted) return done(EXIT_INTERRUPTED)
    if (!(error instanceof ClickHouseFailure) && !(error instanceof UnclearPerson)) throw error
    stderr.write(`millrace: ${printable(error.message)}\n`)
    done(EXIT_FAILED)
  }
}
