/** Tables whose rows are kept while their numbers change. */

import { fill, h, setText, svg } from './dom.ts'

/** A row: what it is about, its numbers as text, and its share of the largest one, from 0 to 1, drawn as a bar. */
export interface TableRow {
  label: string
  values: readonly string[]
  share?: number
  /** Nothing has that name: `(none)`, `others`. */
  isMuted?: boolean
  /** Colour and dashes of its line in the chart. */
  slot?: number
}

/** What a table is and has. */
export interface TableOptions {
  /** For screen readers. */
  caption: string
  /** The first is that of the labels. */
  columns: readonly string[]
}

interface RowParts {
  key: HTMLElement
  label: HTMLElement
  bar: HTMLElement
  cells: HTMLElement[]
}

/** A table in `parent`; the function that is returned shows rows in it, under other names of columns where some are given. */
export function createTable(
  parent: HTMLElement,
  { caption, columns }: TableOptions,
): (rows: readonly TableRow[], named?: readonly string[]) => void {
  const heads = columns.map((name) => h('th', { scope: 'col' }, name))
  const head = h('tr', {}, ...heads)
  const body = h('tbody')
  parent.append(
    h(
      'div',
      { class: 'scroll' },
      h('table', {}, h('caption', { class: 'unseen' }, caption), h('thead', {}, head), body),
    ),
  )
  const parts = new WeakMap<Element, RowParts>()
  const make = () => {
    const key = h('span', { class: 'key', 'aria-hidden': 'true', hidden: true })
    const label = h('span')
    const bar = h('span', { class: 'bar', 'aria-hidden': 'true' })
    const cells = columns.slice(1).map(() => h('td'))
    const row = h('tr', {}, h('th', { scope: 'row' }, bar, key, label), ...cells)
    return [row, { key, label, bar, cells }] as const
  }
  return (rows, named = columns) => {
    heads.forEach((cell, index) => {
      setText(cell, named[index] ?? '')
    })
    fill(body, rows, parts, make, ({ key, label, bar, cells }, row) => {
      if (row.slot !== undefined && key.dataset['slot'] !== String(row.slot)) {
        key.replaceChildren(swatch(row.slot))
        key.dataset['slot'] = String(row.slot)
      }
      key.hidden = row.slot === undefined
      setText(label, row.label)
      label.title = row.label
      label.classList.toggle('muted', row.isMuted === true)
      // Through the object model, which the content security policy permits.
      bar.style.width = `${Math.round((row.share ?? 0) * 1_000) / 10}%`
      cells.forEach((cell, index) => {
        setText(cell, row.values[index] ?? '')
      })
    })
  }
}

/** A short piece of a chart's line. */
function swatch(slot: number): SVGElement {
  const line = svg('line', { x1: 0, y1: 5, x2: 22, y2: 5, class: `line-${slot}` })
  return svg('svg', { viewBox: '0 0 22 10', width: 22, height: 10 }, line)
}
