/** The command line: what can be typed, and what it means. Leaves the work to the functions behind the commands. */

import type { Readable } from 'node:stream'
import type { FetchLike } from '@millrace/node'
import { Command, CommanderError, Option } from 'commander'
import { type ImportOptions, importAccessLog } from './access-log/import.ts'
import { exitCodeOf, formatReport } from './access-log/report.ts'
import { type LogSource, openLog } from './access-log/source.ts'
import { printable } from './printable.ts'
import { createProgress, type ProgressStream } from './progress.ts'

/** Wrong arguments or a file that is not there. */
const EXIT_USAGE = 2

const DEFAULT_ENDPOINT = 'http://127.0.0.1:8787'

/** The development source and its secret key; they exist only in development (DESIGN, section 7). */
const DEV_SOURCE = 'dev'
const DEV_SECRET_KEY = 'dev-secret'

/** The world around the command. */
export interface ProgramOptions {
  /** What was typed after `millrace`. */
  args: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  stdin: Readable
  stdout: NodeJS.WritableStream
  stderr: ProgressStream
  /** Aborted when the user interrupts. */
  signal?: AbortSignal | undefined
  fetch?: FetchLike | undefined
}

/** Options of `import access-log`, as commander gives them. */
interface AccessLogFlags {
  source: string
  endpoint: string
  secretKey?: string
  site?: string
  dryRun?: boolean
  json?: boolean
}

/** A mistake in what was typed; the message says which. */
class UsageError extends Error {}

/** Runs a command and resolves with its exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted. Never rejects for these. */
export async function runProgram(options: ProgramOptions): Promise<number> {
  let exitCode = 0
  const program = createProgram(options, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(options.args, { from: 'user' })
    return exitCode
  } catch (error) {
    // Commander has written its message by then; asking for help or the version is no mistake.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE
    if (!(error instanceof UsageError)) throw error
    options.stderr.write(`millrace: ${printable(error.message)}\n`)
    return EXIT_USAGE
  }
}

function createProgram(
  { env, stdin, stdout, stderr, signal, fetch }: ProgramOptions,
  done: (exitCode: number) => void,
) {
  const program = new Command('millrace')
    .description("The operator's command for Millrace.")
    .exitOverride()
    .showHelpAfterError('(--help says what can be typed)')
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })

  program
    .command('import')
    .description('bring history in')
    .command('access-log')
    .description('send the page views of an Apache or nginx access log (common or combined format)')
    .argument('<file>', 'the log; .gz is decompressed, - is standard input')
    .requiredOption('--source <name>', 'source that the events and the secret key belong to')
    .option('--endpoint <url>', 'address of the collector', DEFAULT_ENDPOINT)
    .addOption(new Option('--secret-key <key>', 'secret key of the source (default: MILLRACE_SECRET_KEY)'))
    .option('--site <origin>', 'site that the log is of, for the url of each event: https://example.com')
    .option('--dry-run', 'read and count, send nothing')
    .option('--json', 'print the final report as JSON on standard output')
    .action(async (file: string, flags: AccessLogFlags) => {
      const settings = {
        source: parseSource(flags.source),
        endpoint: parseEndpoint(flags.endpoint),
        secretKey: flags.dryRun === true ? '' : findSecretKey(flags, env),
        site: parseSite(flags.site),
        isDryRun: flags.dryRun,
        signal,
        fetch,
      }
      const log = await openLog(file, { stdin }).catch((cause: Error) => {
        throw new UsageError(cause.message, { cause })
      })
      const report = await importWithProgress(log, settings, stderr)
      stdout.write(flags.json === true ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report))
      done(exitCodeOf(report))
    })
  return program
}

async function importWithProgress(
  log: LogSource,
  settings: Omit<ImportOptions, 'log'>,
  stderr: ProgressStream,
) {
  const progress = createProgress({ stream: stderr, totalBytes: log.totalBytes })
  try {
    return await importAccessLog({ ...settings, log, onProgress: progress.update, onNotice: progress.note })
  } finally {
    progress.stop()
  }
}

/** The option, the environment, or for the development source on this machine the key that it has everywhere. */
function findSecretKey({ source, endpoint, secretKey }: AccessLogFlags, env: ProgramOptions['env']): string {
  const key = secretKey ?? env['MILLRACE_SECRET_KEY']
  if (key !== undefined && key !== '') {
    if (/^[\x21-\x39\x3b-\x7e]+$/.test(key)) return key
    throw new UsageError('the secret key must be ASCII characters without spaces or ":"')
  }
  if (source === DEV_SOURCE && isLoopback(endpoint)) return DEV_SECRET_KEY
  throw new UsageError(
    `the secret key of the source ${source} is needed: give --secret-key or MILLRACE_SECRET_KEY`,
  )
}

function isLoopback(endpoint: string): boolean {
  const { hostname } = new URL(endpoint)
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)
}

/** The same rule as that of `createMillrace`, here so that a dry run finds the mistake too. */
function parseSource(source: string): string {
  if (/^[a-z0-9][a-z0-9_-]{0,63}$/.test(source)) return source
  throw new UsageError(
    `--source must be 1 to 64 lower-case letters, digits, "_" and "-", got ${JSON.stringify(source)}`,
  )
}

function parseEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  const isPlain =
    url !== undefined && /^https?:$/.test(url.protocol) && url.search + url.hash + url.username === ''
  if (isPlain && url.password === '') return endpoint
  throw new UsageError(
    `--endpoint must be an http or https address such as ${DEFAULT_ENDPOINT}, got ${endpoint}`,
  )
}

/** The origin, without the slash at its end. */
function parseSite(site: string | undefined): string | undefined {
  if (site === undefined) return undefined
  const url = URL.canParse(site) ? new URL(site) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin
  throw new UsageError(`--site must be an origin such as https://example.com, got ${site}`)
}
