/** The command `millrace lookup load`: what can be typed, and what it means. */

import { extname } from 'node:path'
import { NAME_PATTERN } from '@millrace/schemas/wire'
import { type Command, Option } from 'commander'
import {
  type CommandWorld,
  collectorFetch,
  DEFAULT_ENDPOINT,
  findSecretKey,
  parseEndpoint,
  parseSource,
  secretKeyOption,
  UsageError,
} from '../command-world.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED } from '../exit-codes.ts'
import { printable } from '../printable.ts'
import { readTableFile } from './read-file.ts'
import { parseRows, type RowsResult, TABLE_FORMATS, type TableFormat } from './rows.ts'
import { sendTable } from './send.ts'
import { type BuiltTable, buildTable } from './table.ts'

/** Options of `lookup load`, as commander gives them. */
interface LoadFlags {
  source: string
  endpoint: string
  key?: string
  format?: TableFormat
  typed?: boolean
  secretKey?: string
  dryRun?: boolean
}

/** Problems of a file that are shown; after so many it is the file that is wrong. */
const MAX_PROBLEMS_SHOWN = 5

const FORMAT_BY_EXTENSION: ReadonlyMap<string, TableFormat> = new Map([
  ['.csv', 'csv'],
  ['.json', 'json'],
  ['.ndjson', 'ndjson'],
  ['.jsonl', 'ndjson'],
])

/** Adds the command to the program. */
export function registerLookup(program: Command, world: CommandWorld): void {
  program
    .command('lookup')
    .description('tables whose rows are joined onto events')
    .command('load')
    .description('load a lookup table, or replace it')
    .argument('<name>', 'name of the table, as the configuration has it')
    .argument(
      '<file>',
      'CSV with a header, a JSON array, or NDJSON; .gz is decompressed, - is standard input',
    )
    .requiredOption('--source <name>', 'source that the table and the secret key belong to')
    .option('--key <column>', 'column that events are joined by (default: the first of a CSV file)')
    .addOption(new Option('--format <format>', 'of the file (default: by its name)').choices(TABLE_FORMATS))
    .option('--typed', 'numbers and booleans of a CSV file are such, not text')
    .option('--endpoint <url>', 'address of the collector', DEFAULT_ENDPOINT)
    .addOption(secretKeyOption())
    .option('--dry-run', 'read and check, send nothing')
    .action(async (name: string, file: string, flags: LoadFlags) => {
      world.done(await loadLookup(parseName(name), file, flags, world))
    })
}

async function loadLookup(
  name: string,
  path: string,
  flags: LoadFlags,
  world: CommandWorld,
): Promise<number> {
  const { env, stdin, stdout, stderr } = world
  const source = parseSource(flags.source)
  const endpoint = parseEndpoint(flags.endpoint)
  const format = flags.format ?? findFormat(path)
  if (flags.typed === true && format !== 'csv') throw new UsageError('--typed is for CSV; JSON has types')
  const secretKey = flags.dryRun === true ? '' : findSecretKey(flags, env)
  const file = await readTableFile(path, stdin)
  if (!file.ok) throw new UsageError(file.message)

  const complain = (problem: string) => stderr.write(`millrace: ${printable(`${file.name}: ${problem}`)}\n`)
  const say = (line: string) => stdout.write(`${printable(line)}\n`)
  const rows = parseRows(file.text, format)
  if (!rows.ok) {
    complain(rows.message)
    return EXIT_FAILED
  }
  const key = findKey(flags.key, rows)
  const built = buildTable(rows.rows, { key, isTyped: flags.typed === true })
  if (!built.ok) {
    for (const problem of shownProblems(built.problems)) complain(problem)
    return EXIT_FAILED
  }
  say(describeTable(file.name, key, built.table))
  if (flags.dryRun === true) {
    say('dry run, nothing was sent')
    return 0
  }
  const { json } = built.table
  const sent = await sendTable({
    endpoint,
    name,
    source,
    secretKey,
    json,
    fetch: collectorFetch(world),
    signal: world.signal,
  })
  if (sent.kind === 'interrupted') return EXIT_INTERRUPTED
  if (sent.kind === 'failed') {
    stderr.write(`millrace: ${printable(`cannot load ${name}: ${sent.message}`)}\n`)
    return EXIT_FAILED
  }
  say(
    `loaded as ${name} of source ${source} at ${endpoint}: ${countRows(sent.rows)}, version ${sent.version}`,
  )
  if (sent.warning !== undefined) stderr.write(`millrace: warning: ${printable(sent.warning)}\n`)
  return 0
}

function parseName(name: string): string {
  if (NAME_PATTERN.test(name)) return name
  throw new UsageError(
    `the name of a table must be 1 to 64 lower-case letters, digits, "_" and "-", got ${JSON.stringify(name)}`,
  )
}

function findFormat(path: string): TableFormat {
  const format = FORMAT_BY_EXTENSION.get(extname(path.replace(/\.gz$/i, '')).toLowerCase())
  if (format !== undefined) return format
  const why =
    path === '-' ? 'standard input has no name that tells it' : `the name of ${path} does not tell it`
  throw new UsageError(`give --format ${TABLE_FORMATS.join('|')}: ${why}`)
}

function findKey(key: string | undefined, { columns }: Extract<RowsResult, { ok: true }>): string {
  if (columns === undefined) {
    if (key !== undefined) return key
    throw new UsageError('--key is needed: fields of JSON have no first one')
  }
  const column = key ?? columns[0]
  if (column !== undefined && columns.includes(column)) return column
  throw new UsageError(`--key must be a column, one of ${columns.join(', ')}, got ${column}`)
}

function shownProblems(problems: readonly string[]): string[] {
  const more = problems.length - MAX_PROBLEMS_SHOWN
  return [
    ...problems.slice(0, MAX_PROBLEMS_SHOWN),
    ...(more > 0 ? [`and ${count(more)} more like these`] : []),
  ]
}

function describeTable(file: string, key: string, { rowCount, bytes }: BuiltTable): string {
  return `${file}: ${countRows(rowCount)} by ${JSON.stringify(key)}, ${count(bytes)} bytes of JSON`
}

function countRows(rows: number): string {
  return rows === 1 ? '1 row' : `${count(rows)} rows`
}

function count(number: number): string {
  return number.toLocaleString('en-US')
}
