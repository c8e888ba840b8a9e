/** A table as Markdown. Pure. */

import type { Grid } from './grids.ts'

/** A table with its title above. */
export function toMarkdown({ title, columns, rows }: Grid): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  const rule = columns.map((_, place) => (place === 0 ? '---' : '---:'))
  return `${title}:\n\n${line(columns)}${line(rule)}${rows.map(line).join('')}`
}
