/** The command `millrace migrate [apply|status]`: what can be typed, and what it means. */

import { createInterface } from 'node:readline/promises'
import {
  checkDatabaseName,
  type Loss,
  LossRefused,
  MigrationFailure,
  type MigrationStep,
  migrateWarehouse,
  planWarehouse,
  type RunStatement,
  readWarehouse,
} from '@millrace/schemas/migrations'
import { Argument, type Command } from 'commander'
import { ClickHouseFailure, createQuery } from '../clickhouse.ts'
import { type CommandWorld, parseClickHouseUrl, UsageError } from '../command-world.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED } from '../exit-codes.ts'
import { DEFAULT_CONFIG } from '../load-config.ts'
import { toJson } from '../output.ts'
import { printable } from '../printable.ts'
import { type Goal, readGoal } from './goal.ts'
import { patientFetch } from './patient-fetch.ts'
import { askForLoss, describeLoss, formatPlan, formatStatus } from './report.ts'

/** Options as commander gives them. */
interface MigrateFlags {
  config: string
  clickhouseUrl: string
  user?: string
  password?: string
  database: string
  dryRun?: boolean
  yes?: boolean
  json?: boolean
}

/** A statement would lose data, and was not allowed to. */
const EXIT_REFUSED = 3

/** What the command can be told to do. */
const WHAT: readonly string[] = ['apply', 'status']

/** Adds the command to the program. */
export function registerMigrate(program: Command, world: CommandWorld): void {
  const { stdout } = world
  program
    .command('migrate')
    .description('bring ClickHouse to the tables of this release, and to the retention of the configuration')
    // An argument, not two commands: its options may then stand on either side of it.
    .addArgument(
      new Argument('[what]', 'apply what is pending, or say what is')
        .choices(WHAT)
        .argParser(parseWhat)
        .default('apply'),
    )
    .option('--dry-run', 'print the statements that would run, run none')
    .option('--yes', 'lose data without a question where a migration or a shorter retention does')
    .option(
      '--config <file>',
      'configuration that says how long rows are kept, and the cluster',
      DEFAULT_CONFIG,
    )
    .option('--clickhouse-url <url>', 'address of ClickHouse', 'http://127.0.0.1:8123')
    .option('--user <name>', 'user of ClickHouse (default: CLICKHOUSE_USER, or default)')
    .option('--password <password>', 'and password (default: CLICKHOUSE_PASSWORD)')
    .option('--database <name>', 'database of ClickHouse, made when it is not there', 'millrace')
    .option('--json', 'print JSON on standard output')
    .action((what: 'apply' | 'status', flags: MigrateFlags) =>
      run(world, flags, async (goal, ask) => {
        const print = <T>(value: T, format: (value: T) => string) =>
          stdout.write(flags.json === true ? toJson(value) : format(value))
        if (what === 'status') {
          const status = await readWarehouse(goal, ask)
          const where = { database: flags.database, url: flags.clickhouseUrl }
          print(summarize(status), () => formatStatus(status, where))
        } else if (flags.dryRun === true) print(await planWarehouse(goal, ask), formatPlan)
        else await apply(world, flags, goal, ask)
      }),
    )
}

/** Commander's own check of choices speaks of a `command-argument`; its help is kept. */
function parseWhat(text: string): string {
  if (WHAT.includes(text)) return text
  throw new UsageError(
    `migrate is followed by ${WHAT.join(' or ')}, or by nothing, got ${JSON.stringify(text)}`,
  )
}

/** How ClickHouse is asked: in the database, and where that may not exist yet. */
interface Ask {
  run: RunStatement
  runOutside: RunStatement
}

async function apply(world: CommandWorld, flags: MigrateFlags, goal: Goal, ask: Ask): Promise<void> {
  const { stdout, stderr, done } = world
  const isJson = flags.json === true
  const steps: MigrationStep[] = []
  let refused: Loss | undefined
  try {
    await migrateWarehouse(goal, {
      ...ask,
      confirm: async (loss) => flags.yes === true || (await confirm(world, loss)),
      onDone(step) {
        steps.push(step)
        if (!isJson) stdout.write(describeStep(step))
      },
      onWait: () =>
        void stderr.write(
          'millrace: another run is at work, or ended without a word less than 30 s ago; waiting\n',
        ),
    })
  } catch (error) {
    if (!(error instanceof LossRefused)) throw error
    refused = error.loss
    done(EXIT_REFUSED)
    stderr.write(`millrace: ${printable(describeRefusal(refused, world))}\n`)
  }
  if (isJson) stdout.write(toJson({ done: steps, ...(refused && { refused }) }))
  else if (steps.length === 0 && refused === undefined)
    stdout.write('nothing to do: the database is up to date\n')
}

function describeStep(step: MigrationStep): string {
  return step.kind === 'migration'
    ? `applied ${step.name}\n`
    : `retention of ${step.table}: ${printable(step.rules)}\n`
}

/** Asks on a terminal; where there is none the answer is no. */
async function confirm(world: CommandWorld, loss: Loss): Promise<boolean> {
  if (!isTerminal(world)) return false
  const { stdin, stderr, signal } = world
  const lines = createInterface({ input: stdin, output: stderr, terminal: false })
  try {
    const answer = await lines.question(askForLoss(loss), signal === undefined ? {} : { signal })
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    lines.close()
  }
}

function isTerminal({ stdin, stderr }: CommandWorld): boolean {
  return 'isTTY' in stdin && stdin.isTTY === true && stderr.isTTY === true
}

function describeRefusal(loss: Loss, world: CommandWorld): string {
  const advice = isTerminal(world)
    ? 'It was not done, and nothing that comes after it.'
    : 'Nobody can be asked here, so it was not done, and nothing that comes after it. --yes allows it.'
  return `${describeLoss(loss)}. ${advice}`
}

/** Without the text of the migrations. */
function summarize({ applied, pending, retention, exists }: Awaited<ReturnType<typeof readWarehouse>>) {
  return {
    exists,
    applied: applied.map(({ name, applied_at }) => ({
      name,
      appliedAt: applied_at === undefined ? '' : `${applied_at.replace(' ', 'T')}Z`,
    })),
    pending: pending.map(({ name }) => name),
    retention: retention.map(({ name, from, to }) => ({ table: name, from, to })),
  }
}

/** Runs one command's work; trouble that is not the user's mistake is one line and exit code 1. */
async function run(
  { env, stderr, done, ...world }: CommandWorld,
  flags: MigrateFlags,
  work: (goal: Goal, ask: Ask) => Promise<void>,
): Promise<void> {
  const signal = world.signal ?? new AbortController().signal
  const user = flags.user ?? env['CLICKHOUSE_USER'] ?? 'default'
  const password = flags.password ?? env['CLICKHOUSE_PASSWORD'] ?? ''
  const { database } = flags
  const connection = {
    url: parseClickHouseUrl(flags.clickhouseUrl),
    user,
    password,
    fetch: world.fetch ?? patientFetch,
    signal,
  }
  checkDatabase(database)
  const goal = await readGoal(flags.config, { database, user, password })
  const inside = createQuery({ ...connection, database })
  const outside = createQuery({ ...connection, database: '' })
  try {
    await work(goal, { run: (sql) => inside(sql, {}), runOutside: (sql) => outside(sql, {}) })
  } catch (error) {
    if (signal.aborted) {
      stderr.write(
        'millrace: interrupted; ClickHouse may still finish what it had begun. Run it again to go on.\n',
      )
      return done(EXIT_INTERRUPTED)
    }
    if (!(error instanceof Error)) throw error
    stderr.write(`millrace: ${printable(error.message)}\n`)
    // What the migrations themselves refuse is an Error without a class: an edited file, a release that is too old.
    if (
      error instanceof ClickHouseFailure ||
      error instanceof MigrationFailure ||
      error.constructor === Error
    )
      return done(EXIT_FAILED)
    throw error
  }
}

function checkDatabase(database: string): void {
  try {
    checkDatabaseName(database)
  } catch (cause) {
    throw new UsageError(`--database: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
