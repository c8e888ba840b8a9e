/** The books of a replay of dead letters as text for people and an exit code for scripts. Pure. */

import { type CountRow, formatCounts } from '../counts-table.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_SOME } from '../exit-codes.ts'
import { printable } from '../printable.ts'
import type { ReplayBooks } from './replay.ts'

/** What a command replayed, or would have. */
export interface ReplayReport extends ReplayBooks {
  isDryRun: boolean
  /** Letters that nobody can read: they would be back at once, and were not sent. */
  unreadable: number
}

/** Exit code: 0 when every letter went or was gone already, 3 when some failed, 1 when all did or it ended early, 130 when interrupted. */
export function exitCodeOf({ replayed, gone, failed, stopped }: ReplayReport): number {
  if (stopped !== undefined) return stopped.reason === 'interrupted' ? EXIT_INTERRUPTED : EXIT_FAILED
  if (Object.keys(failed).length === 0) return 0
  return replayed + gone > 0 ? EXIT_SOME : EXIT_FAILED
}

/** The report as lines of text, ending with a newline. What did not occur is left out. */
export function formatReplay(report: ReplayReport, source: string): string {
  const { chosen, replayed, gone, failed, unreadable, isDryRun, stopped } = report
  const rows: CountRow[] = [
    ['letters', chosen],
    ['  would be replayed', isDryRun ? chosen : 0],
    ['  replayed', replayed, 'on their way to all sinks; those that have them already store nothing twice'],
    ['  gone already', gone, 'replayed by somebody else, or never there'],
    ...Object.entries(failed)
      .sort(([, a], [, b]) => b - a)
      .map(([why, times]): [string, number, string] => ['  failed', times, why]),
    ['unreadable', unreadable, 'not sent: they would be back at once'],
  ]
  const lines = [
    `dead letters of ${source}${describeRun(report)}`,
    '',
    ...formatCounts(rows, 'letters'),
    ...(stopped === undefined ? [] : ['', describeStop(stopped)]),
  ]
  return `${lines.map(printable).join('\n')}\n`
}

function describeRun({ isDryRun, stopped }: ReplayReport): string {
  if (isDryRun) return ': dry run, nothing was sent'
  return stopped === undefined ? ', replayed' : ', not replayed to the end'
}

function describeStop({ reason, message }: NonNullable<ReplayReport['stopped']>): string {
  const why =
    reason === 'interrupted' ? 'Interrupted: this is what was answered so far.' : `Stopped: ${message}.`
  return `${why} Running it again is safe.`
}
