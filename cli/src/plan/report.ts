/** Tells the outcome of a check to a person. */

import type { PlannedEvent } from '@millrace/schemas'
import { printable } from '../printable.ts'
import type { CheckedEntry, CheckedSource, CheckReport } from './check.ts'

const SIGNS = { fine: '✓', refused: '✗', undecided: '?' } as const

/** Most new fields that are named in one line. */
const MAX_NAMED = 5

/** The report as text: per entry a line, and for those that need it what was found. */
export function formatCheck(report: CheckReport): string {
  const { against, sources, fine, refused, undecided } = report
  if (sources.length === 0)
    return `Neither the configuration nor ${printable(against)} has a tracking plan.\n`
  const parts = sources.map((source) => formatSource(source, against))
  const counts = [`${fine} fine`, `${refused} refused`, `${undecided} undecided`].join(', ')
  return `${parts.join('\n')}\n${counts}. ${conclude(report)}\n`
}

function conclude({ sources, refused, undecided }: CheckReport): string {
  if (refused > 0) return 'The plan must not change like this.'
  if (undecided > 0)
    return 'Nothing was found that breaks, but what is undecided has to be looked at by a person.'
  const breaks = sources.some(({ entries }) => entries.some(isBreak))
  return breaks ? 'Older events that break were allowed to.' : 'Older events keep passing.'
}

function isBreak(entry: CheckedEntry): boolean {
  return entry.result === 'breaking' || (entry.result === 'removed' && entry.breaksOldEvents)
}

function formatSource({ source, notes, entries }: CheckedSource, against: string): string {
  const width = Math.max(0, ...entries.map((entry) => nameOf(entry).length))
  const lines = [
    `Plan of ${printable(source)}, against ${printable(against)}`,
    ...notes.map((note) => `  note: ${note}`),
    ...entries.flatMap((entry) => [
      formatLine(entry, width),
      ...explain(entry).map((line) => `      ${line}`),
    ]),
  ]
  return `${lines.join('\n')}\n`
}

function formatLine(entry: CheckedEntry, width: number): string {
  return `  ${SIGNS[entry.verdict]} ${nameOf(entry).padEnd(width)}  ${entry.result.padEnd(10)}  ${versionsOf(entry)}`
}

function nameOf({ event, type }: CheckedEntry): string {
  return printable(event ?? type)
}

function versionsOf(entry: CheckedEntry): string {
  if (entry.result === 'added') return entry.after
  if (entry.result === 'removed') return entry.before
  return entry.before === entry.after ? entry.after : `${entry.before} → ${entry.after}`
}

function explain(entry: CheckedEntry): string[] {
  return [...describeFinding(entry), ...entry.problems.map((problem) => `Refused: ${problem}.`)]
}

function describeFinding(entry: CheckedEntry): string[] {
  switch (entry.result) {
    case 'breaking':
      return [
        ...entry.violations.map(({ path, message }) => printable(`${path}: ${message}`)),
        'This event passed before and would break the plan now:',
        ...formatEvent(entry.counterExample).map((line) => `  ${line}`),
      ]
    case 'undecided':
      return [
        entry.looksSame
          ? 'It looks the same, but not all of its checks can be read:'
          : 'No event was found that breaks, and no proof that there is none:',
        ...entry.obstacles.map(({ path, why }) => `${printable(path)}: ${printable(why)}`),
      ]
    case 'compatible':
      return describeNewFields(entry.newFields)
    case 'removed':
      return entry.breaksOldEvents ? [] : ['Its events will be stored without a check.']
    default:
      return []
  }
}

function describeNewFields(paths: readonly string[]): string[] {
  if (paths.length === 0) return []
  const named = paths.slice(0, MAX_NAMED).map(printable).join(', ')
  const more = paths.length > MAX_NAMED ? ` and ${paths.length - MAX_NAMED} more` : ''
  return [`New: ${named}${more}. Was it sent before without being planned, then in any form.`]
}

function formatEvent(event: PlannedEvent): string[] {
  return JSON.stringify(event, null, 2).split('\n').map(printable)
}
