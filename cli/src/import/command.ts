/** The commands `millrace import access-log|ndjson|csv`: what can be typed, and what it means. */

import { constants } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import { createAccessLogFormat } from '../access-log/format.ts'
import {
  type CommandWorld,
  DEFAULT_ENDPOINT,
  findSecretKey,
  parseEndpoint,
  parseSource,
  secretKeyOption,
  UsageError,
} from '../command-world.ts'
import { createProgress } from '../progress.ts'
import { type CsvFlags, readCsvFlags, withCsvOptions } from './csv/options.ts'
import type { ImportFormat } from './format.ts'
import { NDJSON_FORMAT } from './ndjson.ts'
import { readProgress } from './offset-file.ts'
import { openRejects } from './rejects.ts'
import { exitCodeOf, formatReport } from './report.ts'
import { type ImportOptions, runImport } from './run.ts'
import { openInput } from './source.ts'

/** Options of every import, as commander gives them. */
interface ImportFlags {
  source: string
  endpoint: string
  secretKey?: string
  offsetFile?: string
  rejects?: string
  dryRun?: boolean
  json?: boolean
}

/** Adds the commands to the program. */
export function registerImport(program: Command, world: CommandWorld): void {
  const family = program.command('import').description('bring history in')
  withImportOptions(
    family
      .command('access-log')
      .description('send the page views of an Apache or nginx access log (common or combined format)')
      .argument('<file>', 'the log; .gz is decompressed, - is standard input'),
  )
    .option('--site <origin>', 'site that the log is of, for the url of each event: https://example.com')
    .action((file: string, flags: ImportFlags & { site?: string }) =>
      act(world, file, flags, createAccessLogFormat({ site: parseSite(flags.site) })),
    )
  withImportOptions(
    family
      .command('ndjson')
      .description("send events in Segment's form, one JSON object a line")
      .argument('<file>', 'the events; .gz is decompressed, - is standard input'),
  ).action((file: string, flags: ImportFlags) => act(world, file, flags, NDJSON_FORMAT))
  withCsvOptions(
    withImportOptions(
      family
        .command('csv')
        .description('send the rows of a table as events')
        .argument('<file>', 'the table; .gz is decompressed, - is standard input'),
    ),
  ).action(async (file: string, flags: ImportFlags & CsvFlags) => {
    const readText = (path: string) => readFile(path, 'utf8')
    await act(world, file, flags, await readCsvFlags(flags, readText))
  })
}

function withImportOptions(command: Command): Command {
  return command
    .requiredOption('--source <name>', 'source that the events and the secret key belong to')
    .option('--endpoint <url>', 'address of the collector', DEFAULT_ENDPOINT)
    .addOption(secretKeyOption())
    .option('--offset-file <path>', 'note there how far it is, and go on from what is noted there')
    .option('--rejects <path>', 'write what is malformed there, one JSON object a line')
    .option('--dry-run', 'read, check and count, send nothing')
    .option('--json', 'print the final report as JSON on standard output')
}

async function act(
  world: CommandWorld,
  file: string,
  flags: ImportFlags,
  format: ImportFormat,
): Promise<void> {
  const { stdout, stderr, done } = world
  const options = await openImport(world, file, flags, format)
  const { input, resume } = options
  const progress = createProgress({
    stream: stderr,
    totalBytes: input.totalBytes,
    words: format.words,
    // Where a file cannot be read from its middle, what is settled is read again, and the rate is that of reading.
    first: {
      bytes: input.isSeekable ? (resume?.earlier?.position.byte ?? 0) : 0,
      records: resume?.earlier?.counts.records ?? 0,
    },
  })
  const report = await runImport({
    ...options,
    onProgress: progress.update,
    onNotice: progress.note,
  }).finally(progress.stop)
  stdout.write(flags.json === true ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report, format))
  done(exitCodeOf(report))
}

/** Checks what was typed and opens the files. */
async function openImport(
  { env, stdin, signal, fetch }: CommandWorld,
  file: string,
  flags: ImportFlags,
  format: ImportFormat,
): Promise<ImportOptions> {
  const isDryRun = flags.dryRun === true
  const source = parseSource(flags.source)
  const endpoint = parseEndpoint(flags.endpoint)
  const secretKey = isDryRun ? '' : findSecretKey(flags, env)
  requireOtherFiles(file, flags)
  const input = await orUsageError(openInput(file, { stdin }))
  const { offsetFile: path } = flags
  const job = { format: format.name, source, endpoint }
  // Found out now and not when the first events are sent.
  if (path !== undefined) await orUsageError(access(dirname(path), constants.W_OK))
  const resume =
    path === undefined || isDryRun
      ? undefined
      : { path, earlier: await orUsageError(readProgress(path, job)) }
  const rejects =
    flags.rejects === undefined
      ? undefined
      : await orUsageError(openRejects(flags.rejects, resume?.earlier?.rejectsBytes ?? 0))
  return { input, format, source, endpoint, secretKey, isDryRun, resume, rejects, signal, fetch }
}

/** Two files under one name would overwrite each other, one of them perhaps the only copy of the history. */
function requireOtherFiles(file: string, { offsetFile, rejects }: ImportFlags): void {
  const named = [
    ['the file to import', file === '-' ? undefined : file],
    ['--offset-file', offsetFile],
    ['--rejects', rejects],
  ] as const
  const seen = new Map<string, string>()
  for (const [what, path] of named) {
    if (path === undefined) continue
    const before = seen.get(resolve(path))
    if (before !== undefined) throw new UsageError(`${before} and ${what} are the same file, ${path}`)
    seen.set(resolve(path), what)
  }
}

async function orUsageError<T>(value: Promise<T>): Promise<T> {
  try {
    return await value
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause })
  }
}

/** The origin, without the slash at its end. */
function parseSite(site: string | undefined): string | undefined {
  if (site === undefined) return undefined
  const url = URL.canParse(site) ? new URL(site) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin
  throw new UsageError(`--site must be an origin such as https://example.com, got ${site}`)
}
