/** The command `millrace import access-log`: what can be typed, and what it means. */

import type { Command } from 'commander'
import {
  type CommandWorld,
  DEFAULT_ENDPOINT,
  findSecretKey,
  parseEndpoint,
  parseSource,
  secretKeyOption,
  UsageError,
} from '../command-world.ts'
import type { ProgressStream } from '../meter.ts'
import { createProgress } from '../progress.ts'
import { type ImportOptions, importAccessLog } from './import.ts'
import { exitCodeOf, formatReport } from './report.ts'
import { type LogSource, openLog } from './source.ts'

/** Options of `import access-log`, as commander gives them. */
interface AccessLogFlags {
  source: string
  endpoint: string
  secretKey?: string
  site?: string
  dryRun?: boolean
  json?: boolean
}

/** Adds the command to the program. */
export function registerAccessLogImport(
  program: Command,
  { env, stdin, stdout, stderr, signal, fetch, done }: CommandWorld,
): void {
  program
    .command('import')
    .description('bring history in')
    .command('access-log')
    .description('send the page views of an Apache or nginx access log (common or combined format)')
    .argument('<file>', 'the log; .gz is decompressed, - is standard input')
    .requiredOption('--source <name>', 'source that the events and the secret key belong to')
    .option('--endpoint <url>', 'address of the collector', DEFAULT_ENDPOINT)
    .addOption(secretKeyOption())
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

/** The origin, without the slash at its end. */
function parseSite(site: string | undefined): string | undefined {
  if (site === undefined) return undefined
  const url = URL.canParse(site) ? new URL(site) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin
  throw new UsageError(`--site must be an origin such as https://example.com, got ${site}`)
}
