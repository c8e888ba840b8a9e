/** What `millrace replay` says to people. Pure. */

import type { EventDifference, TableDifference } from './compare.ts'
import type { LoadReport } from './load.ts'
import type { Comparison } from './rebuild.ts'

/** Rows that are named one by one. */
const MAX_NAMED = 10

const count = (value: number) => value.toLocaleString('en-US')

/** `1 row`, `12 rows` */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** What was loaded, in lines. */
export function formatLoad(report: LoadReport, database: string): string {
  const { files, filesBefore, failedFiles, rows, refused } = report
  const lines = [`${plural(rows, 'row')} of ${plural(files, 'file')} loaded into ${database}`]
  if (filesBefore > 0) lines.push(`${plural(filesBefore, 'file')} had been loaded before`)
  const counts: [number, string][] = [
    [report.forgotten, 'left out, because they name somebody who is forgotten'],
    [report.changed, 'changed by the transform'],
    [report.leftOut, 'left out by the transform'],
    [report.failedEvents, 'passed over, because the transform failed on them'],
    [report.outOfRange, 'of the same files outside of the range'],
    [refused.length, 'not taken by ClickHouse'],
  ]
  for (const [value, what] of counts) if (value > 0) lines.push(`${plural(value, 'event')} ${what}`)
  for (const { messageId, why } of refused.slice(0, MAX_NAMED)) lines.push(`  ${messageId}: ${why}`)
  if (failedFiles.length > 0) lines.push(`${plural(failedFiles.length, 'file')} could not be read:`)
  for (const { path, why } of failedFiles) lines.push(`  ${path}: ${why}`)
  return `${lines.join('\n')}\n`
}

/** How the lake and live differ, in lines. */
export function formatComparison({ events, tables }: Comparison): string {
  const lines = events.flatMap(describeEvents)
  if (lines.length === 0) lines.push('neither live nor the lake has events')
  if (tables.length === 0) lines.push('all tables count the same as live')
  else lines.push('with those events, the tables differ from live:', ...alignRows(tables))
  return `${lines.join('\n')}\n`
}

function describeEvents({ source, live, shadow, onlyLive, onlyShadow, ...more }: EventDifference): string[] {
  const head = `source ${source}: ${plural(live, 'event')} in live, ${count(shadow)} from the lake`
  if (onlyLive + onlyShadow === 0) return [`${head}; the same`]
  const lines = [`${head}; ${plural(more.hours, 'hour')} with a difference`]
  if (onlyLive > 0) {
    lines.push(
      `  ${count(onlyLive)} only in live, received ${more.firstReceived} – ${more.lastReceived}: not published yet, or lost by the lake`,
    )
  }
  if (onlyShadow > 0) {
    lines.push(
      `  ${count(onlyShadow)} only in the lake: live has lost them, or deleted them after their time`,
    )
  }
  return lines
}

function alignRows(tables: readonly TableDifference[]): string[] {
  const rows = [
    ['source', 'table', 'what', 'live', 'rebuilt'],
    ...tables.map(({ source, table, what, live, shadow }) => [source, table, what, live, shadow]),
  ]
  const widths = (rows[0] ?? []).map((_, place) => Math.max(...rows.map((row) => row[place]?.length ?? 0)))
  return rows.map(
    (row) =>
      `  ${row.map((cell, place) => (place < 3 ? cell.padEnd(widths[place] ?? 0) : cell.padStart(widths[place] ?? 0))).join('  ')}`,
  )
}

/** How to go on after an interruption. */
export function describeInterruption(done: number, files: number): string {
  return `interrupted; ${done} of ${plural(files, 'file')} are done. The same command again goes on.`
}
