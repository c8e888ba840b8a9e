/** The books of an import as a table for people and an exit code for scripts. Pure. */

import { DEFAULT_ENDPOINT } from '../command-world.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED } from '../exit-codes.ts'
import { printable } from '../printable.ts'
import type { RecordCounts, SentCounts } from './books.ts'
import type { ImportFormat } from './format.ts'
import type { Failure } from './sender.ts'
import { formatTimeSpan, type TimeSpan } from './time-span.ts'

/** Why an import ended before the end of the file, or without every event answered. */
export type Stopped =
  | Failure
  | {
      reason: 'interrupted' | 'unreadable' | 'unwritten'
      message: string
      status?: undefined
      collectorCode?: undefined
    }

/** The books of an import, over all runs of it. Where `sent` is, its counts add up to `events`. */
export interface ImportReport extends RecordCounts {
  /** Name of the file. */
  file: string
  format: ImportFormat['name']
  source: string
  endpoint: string
  isDryRun: boolean
  /** Up to which line an earlier run had come; absent when this one began at the beginning. */
  resumedAfterLine?: number
  /** How many of `records` were settled by earlier runs. */
  recordsBefore?: number
  /** Times of the events that this run read; absent when it read none. */
  times?: TimeSpan
  /** Absent in a dry run. */
  sent?: SentCounts
  /** Absent when the whole file was read and everything in it was answered. */
  stopped?: Stopped
  tookMs: number
}

/** Every event was acknowledged. */
const EXIT_OK = 0

/**
 * Exit code: 0 when every event was acknowledged (or would be sent), 130 when interrupted, otherwise 1. A file of which no
 * record is one of its format is a mistake too.
 */
export function exitCodeOf({ sent, stopped, records, malformed }: ImportReport): number {
  if (stopped?.reason === 'interrupted') return EXIT_INTERRUPTED
  const isOtherFormat = records > 0 && malformed.count === records
  return stopped !== undefined || (sent?.dropped ?? 0) > 0 || isOtherFormat ? EXIT_FAILED : EXIT_OK
}

/** What the report takes its words from. */
export type ReportWords = Pick<ImportFormat, 'words' | 'skipKinds' | 'topField'>

/** One row of the table: indentation, words, number, and what it means. */
type Row = [depth: number, label: string, count: number, note?: string]

/** The report as lines of text without colours, ending with a newline. Kinds that did not occur are left out. */
export function formatReport(report: ImportReport, { words, skipKinds, topField }: ReportWords): string {
  const { records, events, skipped, malformed } = report
  const skippedCount = Object.values(skipped).reduce((sum, count) => sum + count, 0)
  const rows: Row[] = [
    [0, `${words.records} read`, records],
    [1, words.events, events],
    ...sentRows(report),
    [1, 'skipped', skippedCount],
    ...skipKinds
      .filter(({ name }) => (skipped[name] ?? 0) > 0)
      .map(({ name, description }): Row => [2, name, skipped[name] ?? 0, description]),
    [1, 'malformed', malformed.count],
    ...reasonRows(report),
  ]
  const parts = [events, skippedCount, malformed.count]
  const sum = parts.reduce((total, part) => total + part, 0)
  const sign = sum === records ? '=' : '≠'
  const equation = `${format(records)} ${words.records} ${sign} ${parts.map(format).join(' + ')}`
  return (
    [
      heading(report),
      '',
      ...formatRows(rows),
      '',
      `${equation}, in ${formatSeconds(report.tookMs)} (${rate(report)} ${words.records}/s)`,
      ...timeLines(report),
      ...malformedLines(report),
      ...stoppedLines(report),
      ...nextLines(report, topField),
      '',
    ]
      // Messages and reasons are the collector's, whoever that is: each stays on its line, and the terminal obeys none.
      .map(printable)
      .join('\n')
  )
}

function heading({ file, source, endpoint, isDryRun, resumedAfterLine }: ImportReport): string {
  if (isDryRun) return `${file}: dry run, nothing was sent`
  const from = resumedAfterLine === undefined ? '' : `, from line ${format(resumedAfterLine + 1)} on`
  return `${file} to source ${source} at ${endpoint}${from}`
}

function sentRows({ sent }: ImportReport): Row[] {
  if (sent === undefined) return []
  const { remarks, accepted, ...others } = sent
  return [
    [2, 'accepted', accepted],
    ...Object.entries(others).flatMap(([status, count]): Row[] => {
      // Receipts and drops are remarked upon as "<status>: <reason>".
      const reasons = Object.entries(remarks).filter(([text]) => text.startsWith(`${status}: `))
      const note = reasons
        .map(([text, times]) => `${text.slice(status.length + 2)} ${format(times)}`)
        .join(', ')
      return count === 0 && status !== 'quarantined' && status !== 'dropped' ? [] : [[2, status, count, note]]
    }),
  ]
}

/** The commonest first. */
function reasonRows({ malformed: { reasons } }: ImportReport): Row[] {
  return Object.entries(reasons)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]): Row => [2, reason, count])
}

function formatRows(rows: readonly Row[]): string[] {
  const labels = rows.map(([depth, label]) => '  '.repeat(depth) + label)
  const counts = rows.map(([, , count]) => format(count))
  const labelWidth = Math.max(...labels.map((label) => label.length))
  const countWidth = Math.max(...counts.map((count) => count.length))
  return rows.map(([, , , note = ''], index) =>
    `${(labels[index] ?? '').padEnd(labelWidth)}  ${(counts[index] ?? '').padStart(countWidth)}  ${note}`.trimEnd(),
  )
}

function timeLines({ times, resumedAfterLine }: ImportReport): string[] {
  if (times === undefined) return []
  return [`times ${formatTimeSpan(times)}${resumedAfterLine === undefined ? '' : ', of this run'}`]
}

function malformedLines({ malformed: { count, samples } }: ImportReport): string[] {
  if (count === 0) return []
  const shown = samples.map(
    ({ line, reason, detail, text }) => `  line ${line}: ${detail ?? reason}: ${text}`,
  )
  const more = count - samples.length
  return ['', 'malformed:', ...shown, ...(more > 0 ? [`  and ${format(more)} more`] : [])]
}

function stoppedLines({ stopped, sent, endpoint, source }: ImportReport): string[] {
  const again =
    sent === undefined ? [] : ['Running it again is safe: events keep their ids, and none is counted twice.']
  if (stopped !== undefined)
    return ['', describeStop(stopped, endpoint), ...adviseOn(stopped, source), ...again]
  return (sent?.dropped ?? 0) > 0 ? ['', 'Not everything was sent: see "dropped" above.', ...again] : []
}

function describeStop({ reason, message, status }: Stopped, endpoint: string): string {
  const answer = status === undefined ? '' : ` (HTTP ${status})`
  if (reason === 'interrupted') return 'Interrupted: this is what was read so far.'
  if (reason === 'unreachable') return `Stopped: no collector answers at ${endpoint}: ${message}`
  return `Stopped: ${message}${answer}`
}

function adviseOn({ reason, status, collectorCode }: Stopped, source: string): string[] {
  if (reason === 'unreachable') return ['Is it running? Start it with: npm run dev']
  if (reason !== 'refused') return []
  if (collectorCode === 'wrong_source') {
    return [
      `The secret key belongs to another source than ${source}: give the key of ${source}, or the other name as --source.`,
    ]
  }
  if (status === 401 || status === 403 || collectorCode === 'missing_write_key') {
    return [
      `Give the secret key of the source ${source} by --secret-key or MILLRACE_SECRET_KEY (not its write key).`,
    ]
  }
  return status === 404 ? ['Is --endpoint the address of a Millrace collector?'] : []
}

/**
 * How to see what came of an import that is complete. Accepted is not the same as added: the collector takes an event again
 * that is stored already.
 */
function nextLines({ sent, stopped, times, source, endpoint }: ImportReport, field: string): string[] {
  if (sent === undefined || sent.accepted === 0 || sent.dropped > 0 || stopped !== undefined) return []
  const target = `--source ${source}${endpoint === DEFAULT_ENDPOINT ? '' : ` --endpoint ${endpoint}`}`
  const from = times?.earliest.slice(0, 'YYYY-MM-DD'.length)
  return [
    '',
    'What is stored already is counted once; this says within a minute how many were:',
    `  npx millrace books ${target}`,
    ...(from === undefined
      ? []
      : ['See them:', `  npx millrace query top ${target} --field ${field} --from ${from}`]),
  ]
}

/** Of this run. */
function rate({ records, recordsBefore = 0, tookMs }: ImportReport): string {
  return format(Math.round((records - recordsBefore) / Math.max(tookMs / 1_000, 0.001)))
}

function formatSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}

function format(count: number): string {
  return count.toLocaleString('en-US')
}
