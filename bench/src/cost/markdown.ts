/** A table as Markdown. Pure. */

import type { Grid } from './grids.ts'

/** A table with its title above. */
export function toMarkdown({ title, columns, rows }: Grid): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  const rule = columns.map((_, place) => (place === 0 ? '---' : '---:'))
  return `${title}:\n\n${line(columns)}${line(rule)}${rows.map((cells) => line(cells.map(writeCell))).join('')}`
}

/** An address is a link, so that it does not make the table wide. */
function writeCell(text: string): string {
  return text.startsWith('https://') ? `[price list](${text})` : text
}
