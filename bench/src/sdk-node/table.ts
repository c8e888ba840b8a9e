/** The tables for people: one for each part, a row an SDK, a column a number; then ours against its aims. */

import { describeAim, type Measured } from '../measure.ts'
import type { NodeMeasured } from './lines.ts'

/** Prints the results of `sdk-node`. */
export function printNodeTables(title: string, results: readonly Measured[]): void {
  console.log(`\n${title}\n${formatNodeTables(results).join('\n')}`)
}

/** The tables as lines of text, then what failed, then the aims. */
export function formatNodeTables(results: readonly Measured[]): string[] {
  const placed = results.filter((result): result is NodeMeasured => 'table' in result)
  const failures = placed.filter(({ column }) => column === 'failed')
  const numbers = placed.filter(({ column }) => column !== 'failed')
  const tables = [...new Set(numbers.map(({ table }) => table))]
  return [
    ...tables.flatMap((table) => formatTable(numbers.filter((one) => one.table === table))),
    ...failures.map(({ table, row, shown }) => `  failed: ${table}: ${row}: ${shown}`),
    ...formatAims(placed),
  ]
}

function formatTable(lines: readonly NodeMeasured[]): string[] {
  const rows = [...new Set(lines.map(({ row }) => row))]
  const columns = [...new Set(lines.map(({ column }) => column))]
  const cell = (row: string, column: string) => {
    const found = lines.find((line) => line.row === row && line.column === column)
    return found === undefined ? '-' : (found.shown ?? formatNumber(found.value))
  }
  const body = rows.map((row) => [row, ...columns.map((column) => cell(row, column))])
  return ['', `  ${lines[0]?.table}`, ...alignRows([['', ...columns], ...body])]
}

function formatAims(lines: readonly NodeMeasured[]): string[] {
  const aimed = lines.flatMap((line) => {
    const { name, value, unit, aim } = line
    if (aim === undefined) return []
    return [{ text: `  ${name}: ${formatNumber(value)} ${unit}; ${describeAim(value, aim)}` }]
  })
  const kept = aimed.filter(({ text }) => text.endsWith('kept'))
  return ['', `  ${kept.length} of ${aimed.length} aims kept`, ...aimed.map(({ text }) => text)]
}

function alignRows(rows: readonly string[][]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) => {
    const cells = row.map((text, column) => {
      const width = widths[column] ?? 0
      return column === 0 ? text.padEnd(width) : text.padStart(width)
    })
    return `    ${cells.join('  ')}`
  })
}

function formatNumber(value: number): string {
  if (Number.isNaN(value)) return '-'
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 100 ? 1 : 0 })
}
