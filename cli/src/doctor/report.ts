/** The findings as text for people, on 80 columns. Pure. */

import { printable } from '../printable.ts'
import { type Finding, type FindingState, GROUPS } from './finding.ts'

/** Columns of a terminal that nobody made wider. */
const WIDTH = 80

/** Where the text begins. */
const INDENT = 13

const WORDS: Record<FindingState, string> = {
  ok: 'ok',
  warning: 'WARNING',
  problem: 'PROBLEM',
  unknown: 'unchecked',
}

/** How many findings there are of each state. */
export type FindingCounts = Record<FindingState, number>

/** What `--json` prints. */
export interface DoctorReport {
  counts: FindingCounts
  findings: readonly Finding[]
}

/** Counts them. */
export function countFindings(findings: readonly Finding[]): FindingCounts {
  const counts: FindingCounts = { ok: 0, warning: 0, problem: 0, unknown: 0 }
  for (const { state } of findings) counts[state] += 1
  return counts
}

/** The report by subject, then how many of each there are, ending with a newline. */
export function formatFindings(findings: readonly Finding[]): string {
  const parts = GROUPS.flatMap((group) => {
    const own = findings.filter((finding) => finding.group === group)
    return own.length === 0 ? [] : [[group, ...own.flatMap(formatFinding)].join('\n')]
  })
  return `${[...parts, formatCounts(countFindings(findings))].join('\n\n')}\n`
}

function formatFinding({ check, state, says, mend }: Finding): string[] {
  const [first = '', ...rest] = wrap(`${check}: ${says}`)
  const told = [`  ${WORDS[state].padEnd(INDENT - 2)}${first}`, ...rest.map(indent)]
  return mend === undefined ? told : [...told, ...wrap(`-> ${mend}`).map(indent)]
}

function indent(line: string): string {
  return ' '.repeat(INDENT) + line
}

/** Lines that fit. What stands between backticks is kept whole, however long, so that it can be copied. */
function wrap(text: string): string[] {
  const words = printable(text).match(/[^\s`]*`[^`]*`[^\s`]*|\S+/g) ?? []
  const lines: string[] = []
  let line = ''
  for (const word of words) {
    if (line !== '' && line.length + 1 + word.length > WIDTH - INDENT) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

function formatCounts({ ok, warning, problem, unknown }: FindingCounts): string {
  const parts = [
    ...(problem > 0 ? [plural(problem, 'problem')] : []),
    ...(warning > 0 ? [plural(warning, 'warning')] : []),
    ...(unknown > 0 ? [`${unknown} not checked`] : []),
    ...(ok > 0 ? [`${ok.toLocaleString('en-US')} ok`] : []),
  ]
  return parts.join(', ')
}

/** `1 problem`, `2 problems`. */
export function plural(count: number, word: string): string {
  return `${count.toLocaleString('en-US')} ${word}${count === 1 ? '' : 's'}`
}
