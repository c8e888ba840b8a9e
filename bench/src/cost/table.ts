/** Tables on the terminal. */

import { describeAim, type Measured } from '../measure.ts'
import { buildGrids, type Grid } from './grids.ts'

/** Prints the tables, and then the aims. */
export function printCost(title: string, results: readonly Measured[]): void {
  console.log(`\n${title}`)
  for (const grid of buildGrids(results)) console.log(formatGrid(grid))
  for (const { name, value, aim } of results) {
    if (aim !== undefined) console.log(`  ${name}: $${value.toFixed(3)}; ${describeAim(value, aim)}`)
  }
}

/** A table as aligned text. */
export function formatGrid({ title, columns, rows }: Grid): string {
  const widths = columns.map((column, place) =>
    Math.max(column.length, ...rows.map((row) => row[place]?.length ?? 0)),
  )
  const lines = [columns, ...rows].map((row) =>
    row
      .map((cell, place) =>
        place === 0 ? cell.padEnd(widths[place] ?? 0) : cell.padStart(widths[place] ?? 0),
      )
      .join('  '),
  )
  return `\n  ${title}\n${lines.map((line) => `    ${line.trimEnd()}`).join('\n')}`
}
