/** Named numbers, and small lines that show how one went. */

import { fill, h, setText, svg } from './dom.ts'

/** A number with its name. */
export interface Figure {
  name: string
  value: string
  /** Worth a look. */
  isBad?: boolean
}

/** A list of figures in `parent`; the function that is returned shows them. */
export function createFigures(
  parent: HTMLElement,
  className = 'figures',
): (figures: readonly Figure[]) => void {
  const list = h('dl', { class: className })
  parent.append(list)
  const parts = new WeakMap<Element, { item: HTMLElement; name: HTMLElement; value: HTMLElement }>()
  const make = () => {
    const [name, value] = [h('dt'), h('dd')]
    const item = h('div', {}, name, value)
    return [item, { item, name, value }] as const
  }
  return (figures) => {
    fill(list, figures, parts, make, ({ item, name, value }, figure) => {
      setText(name, figure.name)
      setText(value, figure.value)
      item.classList.toggle('bad', figure.isBad === true)
    })
  }
}

const WIDTH = 240
const HEIGHT = 44

/** A line without axes in `parent`, for the shape alone: the numbers are beside it. `null` is a hole. */
export function createSparkline(parent: HTMLElement): (values: readonly (number | null)[]) => void {
  const line = svg('path', { class: 'line' })
  const area = svg('path', { class: 'area' })
  parent.append(
    svg(
      'svg',
      {
        class: 'spark',
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: 'none',
        'aria-hidden': 'true',
      },
      area,
      line,
    ),
  )
  return (values) => {
    const path = sparkPath(values, WIDTH, HEIGHT)
    line.setAttribute('d', path.line)
    area.setAttribute('d', path.area)
  }
}

/** The paths of a line and of what is below it, from 0 at the bottom to the largest value at the top. */
export function sparkPath(
  values: readonly (number | null)[],
  width: number,
  height: number,
): { line: string; area: string } {
  const largest = Math.max(1e-9, ...values.map((value) => value ?? 0))
  const step = width / Math.max(1, values.length - 1)
  const runs: [number, number][][] = [[]]
  values.forEach((value, index) => {
    if (value === null) runs.push([])
    else runs.at(-1)?.push([index * step, height - 2 - (value / largest) * (height - 4)])
  })
  const lines = runs
    .filter((run) => run.length > 0)
    .map((run) => run.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join(''))
  const areas = runs
    .filter((run) => run.length > 1)
    .map(
      (run, index) =>
        `${lines[index] ?? ''}L${round(run.at(-1)?.[0] ?? 0)} ${height}L${round(run[0]?.[0] ?? 0)} ${height}Z`,
    )
  return { line: lines.join(''), area: areas.join('') }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
