/** The books of a replay as text for people and an exit code for scripts. Pure. */

import { type CountRow, formatCounts } from '../counts-table.ts'
import { printable } from '../printable.ts'
import type { ReplayReport } from './replay.ts'

/** Exit code: 0 when all rows were read and answered, also those refused again; 130 when interrupted; otherwise 1. */
export function exitCodeOf({ stopped }: ReplayReport): number {
  if (stopped === undefined) return 0
  return stopped.reason === 'interrupted' ? 130 : 1
}

/** The report as lines of text, ending with a newline. Kinds that did not occur are left out. */
export function formatReplay(report: ReplayReport, source: string): string {
  const { found, stored, altered, sendable, accepted, refused, stopped } = report
  // Stopped early, nobody knows how many there are.
  const total = stopped === undefined ? 'in the quarantine' : 'read so far'
  const rows: CountRow[] = [
    [total, found],
    ['  stored already', stored, 'under the same id; not sent'],
    ['  not replayable', altered, 'the quarantine does not have them as they were sent; not sent'],
    ['  would be sent', sendable],
    ['  accepted', accepted, 'on their way to the warehouse'],
    ...Object.entries(refused)
      .sort(([, a], [, b]) => b - a)
      .map(([why, times]): [string, number] => [`  ${why}`, times]),
  ]
  const lines = [
    `quarantine of ${source}${describeRun(report)}`,
    '',
    ...formatCounts(rows, total),
    ...(stopped === undefined ? [] : ['', describeStop(stopped)]),
  ]
  return `${lines.map(printable).join('\n')}\n`
}

function describeRun({ isDryRun, stopped }: ReplayReport): string {
  if (isDryRun) return ': dry run, nothing was sent'
  return stopped === undefined ? ', replayed' : ', not replayed to its end'
}

function describeStop({ reason, message }: NonNullable<ReplayReport['stopped']>): string {
  const why =
    reason === 'interrupted' ? 'Interrupted: this is what was answered so far.' : `Stopped: ${message}.`
  return `${why} Running it again is safe: what is stored is not sent again.`
}
