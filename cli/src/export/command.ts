/** The command `millrace export`: what can be typed, and how it ends. */

import type { Command } from 'commander'
import {
  type CommandWorld,
  type ReaderFlags,
  readAccess,
  repeatedOption,
  UsageError,
  withReadAccess,
  withReadSource,
} from '../command-world.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_SOME } from '../exit-codes.ts'
import { createFileProgress, type FileProgress } from '../lake/file-progress.ts'
import { type LakeFetch, openRemoteLake, RemoteLakeError } from '../lake/remote-lake.ts'
import { toJson } from '../output.ts'
import { printable } from '../printable.ts'
import { FolderError, openFolder } from './folder.ts'
import { type ExportReport, runExport } from './run.ts'
import { EXPORT_FORMATS, parseFormat, readSelection, type Selection } from './selection.ts'

interface Flags extends ReaderFlags {
  out: string
  from?: string
  to?: string
  where?: string[]
  format: string
  json?: boolean
}

/** Adds the command to the program. */
export function registerExport(program: Command, world: CommandWorld): void {
  const command = withReadSource(program.command('export'))
    .description('copy the events of a source from the lake into a folder')
    .requiredOption('--out <folder>', 'folder to write into; the same export again brings it up to date')
    .option(
      '--from <time>',
      'since, by timestamp: 7d, 24h, 2026-11-22, 2026-11-22T10:00Z (default: the beginning)',
    )
    .option('--to <time>', 'until, exclusive (default: the end)')
    .addOption(repeatedOption('--where <field:op:value>', 'a condition such as country:is:DE'))
    .option('--format <name>', EXPORT_FORMATS.join(', '), 'parquet')
  withReadAccess(command)
    .option('--json', 'print the report as JSON on standard output')
    .action(async (flags: Flags) => {
      world.done(await exportEvents(flags, world))
    })
}

async function exportEvents(flags: Flags, world: CommandWorld): Promise<number> {
  const { env, stdout, stderr } = world
  const { source, endpoint, readToken } = readAccess(flags, env)
  const { from, to, where = [], out } = flags
  if (out === '') throw new UsageError('--out must be the path of a folder, got ""')
  const selection = readSelection({ source, format: parseFormat(flags.format), from, to, where }, Date.now())
  const progress = createFileProgress({ stream: stderr })
  try {
    const report = await run({ selection, out, endpoint, readToken, progress }, world)
    progress.stop()
    stdout.write(flags.json === true ? toJson(report) : describeReport(report))
    for (const { path, message } of report.failed)
      stderr.write(`millrace: ${printable(`${path}: ${message}`)}\n`)
    return report.failed.length > 0 ? EXIT_SOME : 0
  } catch (error) {
    progress.stop()
    if (world.signal?.aborted === true) {
      stderr.write('millrace: interrupted; the same command goes on from here\n')
      return EXIT_INTERRUPTED
    }
    if (!(error instanceof RemoteLakeError || error instanceof FolderError)) throw error
    stderr.write(`millrace: ${printable(error.message)}\n`)
    const mayGoOn = error instanceof FolderError || error.code === 'unreachable'
    if (mayGoOn) stderr.write('millrace: the same command goes on from here\n')
    return EXIT_FAILED
  }
}

async function run(
  {
    selection,
    out,
    endpoint,
    readToken,
    progress,
  }: {
    selection: Selection
    out: string
    endpoint: string
    readToken: string
    progress: FileProgress
  },
  { fetch = globalThis.fetch as CommandWorld['fetch'], signal }: CommandWorld,
): Promise<ExportReport> {
  // When one file ends the export, those that are on their way need not arrive.
  const ending = new AbortController()
  const either = signal === undefined ? ending.signal : AbortSignal.any([signal, ending.signal])
  const folder = await openFolder(out, selection)
  const lake = openRemoteLake({
    endpoint,
    source: selection.source,
    readToken,
    fetch: fetch as unknown as LakeFetch,
    signal: either,
    onNotice: progress.note,
  })
  return runExport({
    lake,
    folder,
    selection,
    now: Date.now,
    signal: either,
    onProgress: progress.update,
    onFailure: () => ending.abort(),
  })
}

function describeReport({ rows, files, folder, fetched, kept, removed, failed }: ExportReport): string {
  const parts = [
    `${count(fetched, 'file')} fetched`,
    ...(kept > 0 ? [`${kept} there already`] : []),
    ...(removed > 0 ? [`${removed} removed`] : []),
    ...(failed.length > 0 ? [`${failed.length} could not be read`] : []),
  ]
  return `${count(rows, 'event')} in ${count(files, 'file')} in ${folder} (${parts.join(', ')})\n`
}

function count(number: number, what: string): string {
  return `${number.toLocaleString('en-US')} ${what}${number === 1 ? '' : 's'}`
}
