/** Tables that fit any screen: wide ones scroll by themselves, by the keyboard too; those of sentences can be folded. */

import type { Tokens } from 'marked'
import { escapeHtml, textOf } from './text.ts'

/** A table with a longer cell is one of sentences: on a small screen its rows become paragraphs. */
const MAX_CELL = 40

/**
 * Renders a table. One without a single heading has none.
 *
 * @param inline renders what is in a cell
 */
export function renderTable(table: Tokens.Table, inline: (cell: Tokens.TableCell) => string): string {
  const heads = table.header.map(inline)
  const rows = table.rows.map((cells) => cells.map(inline))
  const isProse = rows.flat().some((cell) => textOf(cell).length > MAX_CELL)
  const align = table.header.map((cell) => (cell.align === null ? '' : ` class="${cell.align}"`))
  const head = heads.map((text, i) => (text === '' ? '<td></td>' : `<th scope="col"${align[i]}>${text}</th>`))
  const body = rows.map((cells) => {
    const tds = cells.map((text, i) => `<td${align[i]}${isProse ? headOf(heads, i) : ''}>${text}</td>`)
    return `<tr>${tds.join('')}</tr>`
  })
  const thead = heads.every((text) => text === '') ? '' : `<thead><tr>${head.join('')}</tr></thead>`
  const kind = isProse ? 'wide prose' : 'wide'
  return `<div class="${kind}" tabindex="0"><table>${thead}<tbody>\n${body.join('\n')}\n</tbody></table></div>\n`
}

/** What a cell is, where its column has a name; the first one is what the row is of. */
function headOf(heads: readonly string[], i: number): string {
  const head = heads[i] ?? ''
  return i === 0 || head === '' ? '' : ` data-head="${escapeHtml(textOf(head))}"`
}
