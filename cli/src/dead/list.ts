/** Dead letters as tables for people. Pure. */

import type { DeadLetter } from '@millrace/schemas'
import { printable } from '../printable.ts'
import { idOf } from './letters.ts'

/** Letters that are told one by one; of more, their errors are counted before. */
const FEW_LETTERS = 10

/** Most letters in the table, and most errors above it. */
const MAX_ROWS = 50

/** Longest error in a table, in UTF-16 units. */
const MAX_ERROR_LENGTH = 80

/** Shown where something is not known. */
const UNKNOWN = '-'

interface Group {
  letters: number
  events: number
  example: DeadLetter
}

/** Letters that died of the same: what their errors have in numbers may differ. */
export function groupByError(letters: readonly DeadLetter[]): Group[] {
  const groups = new Map<string, Group>()
  for (const letter of letters) {
    const { kind = '', sink = '', error } = letter
    const key = JSON.stringify([kind, sink, error.replace(/\d+/g, '0')])
    const group = groups.get(key) ?? { letters: 0, events: 0, example: letter }
    groups.set(key, {
      ...group,
      letters: group.letters + 1,
      events: group.events + (letter.events ?? 0),
    })
  }
  return [...groups.values()].sort((a, b) => b.letters - a.letters)
}

/**
 * The letters, the latest first, ending with a newline; when they are many, what they died of above, the most frequent
 * first.
 *
 * @param isFiltered whether there may be others
 */
export function formatList(letters: readonly DeadLetter[], source: string, isFiltered: boolean): string {
  if (letters.length === 0) {
    const none = `no dead letters of ${source}`
    return `${isFiltered ? `${none} are like that` : `there are ${none}`}\n`
  }
  const events = letters.reduce((sum, letter) => sum + (letter.events ?? 0), 0)
  const parts = [`${count(letters.length, 'dead letter')} of ${source}, ${count(events, 'event')}\n`]
  if (letters.length > FEW_LETTERS) parts.push(formatGroups(groupByError(letters)))
  const shown = letters.slice(0, MAX_ROWS)
  parts.push(formatTable(LETTER_HEADINGS, shown.map(letterCells), [4]))
  const hidden = letters.length - shown.length
  const more = hidden > 0 ? `and ${count(hidden, 'older one')}; --json has all of them\n` : ''
  return `${parts.join('\n')}${more}`
}

const GROUP_HEADINGS = ['letters', 'events', 'kind', 'sink', 'error']

function formatGroups(groups: readonly Group[]): string {
  const shown = groups.slice(0, MAX_ROWS)
  const rows = shown.map(({ letters, events, example }) => [
    letters.toLocaleString('en-US'),
    events.toLocaleString('en-US'),
    example.kind ?? UNKNOWN,
    example.sink ?? UNKNOWN,
    shorten(example.error),
  ])
  const hidden = groups.length - shown.length
  const more = hidden > 0 ? `and ${count(hidden, 'rarer error')}\n` : ''
  return `${formatTable(GROUP_HEADINGS, rows, [0, 1])}${more}`
}

const LETTER_HEADINGS = ['when', 'kind', 'source', 'sink', 'events', 'id', 'error']

function letterCells(letter: DeadLetter): string[] {
  return [
    `${letter.storedAt.slice(0, 19)}Z`,
    letter.kind ?? UNKNOWN,
    letter.source ?? UNKNOWN,
    letter.sink ?? UNKNOWN,
    letter.events?.toLocaleString('en-US') ?? UNKNOWN,
    idOf(letter),
    shorten(letter.error),
  ]
}

/** Columns as wide as their widest cell; those of `right` are set to the right. */
function formatTable(
  headings: readonly string[],
  rows: readonly string[][],
  right: readonly number[],
): string {
  const cells = [headings, ...rows].map((row) => row.map(printable))
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const lines = cells.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return right.includes(column) ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > MAX_ERROR_LENGTH ? `${line.slice(0, MAX_ERROR_LENGTH - 1)}…` : line
}

function count(number: number, what: string): string {
  return `${number.toLocaleString('en-US')} ${what}${number === 1 ? '' : 's'}`
}
