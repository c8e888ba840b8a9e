/** Answers as tables for people. */

import { printable } from '../printable.ts'
import type { Answer } from './ask.ts'

/** Longest cell, in UTF-16 units. */
const MAX_CELL_LENGTH = 60

/** Shown where there is nothing. */
const NOTHING = '-'

/** What is called so in an answer, for people. */
const SOURCES = new Map([
  ['events', 'from the events'],
  ['rollups', 'from the roll-ups'],
  ['sessions', 'from the sessions'],
  ['ledger', 'from the ledger'],
])

/**
 * An answer with everything in it, ending with a newline: totals, series by bucket, rows, and how current it is.
 *
 * @param isKept whether the collector had it from before
 */
export function formatAnswer(answer: Answer, isKept: boolean): string {
  const { totals, buckets = [], series, columns, rows } = answer
  const parts: string[] = []
  if (totals !== undefined) parts.push(formatTable(['', ''], Object.entries(totals)))
  if (series !== undefined) {
    const headings = [
      'time',
      ...series.map(({ name, isOther }) => (isOther === true ? '(others)' : (name ?? 'value'))),
    ]
    const lines = buckets.map((bucket, index) => [bucket, ...series.map(({ values }) => values[index])])
    const hasTotals = series.some(({ total }) => total !== undefined)
    const whole = hasTotals ? [['all', ...series.map(({ total }) => total)]] : []
    parts.push(formatTable(headings, [...lines, ...whole]))
  }
  if (columns !== undefined) parts.push(rows?.length ? formatTable(columns, rows) : 'no events match\n')
  return `${parts.join('\n')}\n${describeCurrency(answer)}${isKept ? describeKept(answer) : ''}\n`
}

function describeCurrency({ asOf, readFrom, freshness }: Answer): string {
  const upTo = freshness === null ? 'never computed yet' : `computed up to ${freshness.upTo}`
  const isComputed = readFrom === 'rollups' || readFrom === 'sessions'
  const computed = isComputed ? `, ${upTo}` : ''
  return printable(`as of ${asOf}, ${SOURCES.get(readFrom) ?? readFrom}${computed}`)
}

const DAY_MS = 86_400_000

function describeKept(answer: Answer): string {
  return `; kept from then, asked anew after at most ${longestKept(answer)}`
}

/** How long an answer is kept goes by its range, and whether there is anything in it. Source: docs/query.md, "How often a question costs something". */
function longestKept({ question = {}, asOf, rows }: Answer): string {
  const { name, from = asOf, to = asOf } = question
  if (name === 'live' || rows?.length === 0) return '10 seconds'
  if (Date.parse(to) <= Date.parse(asOf) - DAY_MS) return 'an hour'
  return Date.parse(to) - Date.parse(from) >= DAY_MS ? '5 minutes' : 'a minute'
}

/** Columns as wide as their widest cell; those of numbers are set to the right. */
function formatTable(headings: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const isNumeric = headings.map((_, column) =>
    rows.every((row) => typeof row[column] === 'number' || (row[column] ?? null) === null),
  )
  const cells = [
    headings.map(shorten),
    ...rows.map((row) => headings.map((_, column) => formatCell(row[column]))),
  ]
  const lines = (headings.every((heading) => heading === '') ? cells.slice(1) : cells) as string[][]
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const padded = lines.map((line) =>
    line
      .map((cell, column) =>
        isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
  return `${padded.join('\n')}\n`
}

function formatCell(value: unknown): string {
  if (value === null || value === undefined) return NOTHING
  if (typeof value === 'number') return value.toLocaleString('en-US', { maximumFractionDigits: 3 })
  if (typeof value === 'string') return value === '' ? '(none)' : shorten(value)
  return shorten(Array.isArray(value) ? value.map(formatPart).join(', ') || NOTHING : JSON.stringify(value))
}

/** `4-10` of a range, both ends inclusive; one number where they are the same. */
function formatPart(part: unknown): string {
  if (!Array.isArray(part) || part.length !== 2) return String(part)
  return part[0] === part[1] ? String(part[0]) : part.join('-')
}

function shorten(text: string): string {
  const safe = printable(text)
  return safe.length > MAX_CELL_LENGTH ? `${safe.slice(0, MAX_CELL_LENGTH - 1)}…` : safe
}
