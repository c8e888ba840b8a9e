/** Lines over time, drawn by uPlot. Told apart by colour and by dashes; the numbers are in a table beside and below. */

import uPlot from 'uplot'
import { formatTick, nameTimes } from './format.ts'

/** Lines that can be told apart. */
export const MAX_LINES = 6

/** What is drawn. */
export interface ChartData {
  /** Milliseconds since 1970, ascending. */
  times: readonly number[]
  /** `slot` chooses colour and dashes, 0 to {@link MAX_LINES} - 1. */
  lines: readonly { name: string; slot: number; values: readonly (number | null)[] }[]
  /** From when on numbers are provisional; shaded. */
  provisionalFrom?: number
  /** Times of which the numbers were corrected; marked below. */
  corrected: readonly number[]
}

const HEIGHT = 220

/** In units of CSS pixels; the first is drawn through. */
const DASHES: readonly number[][] = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 4], [1, 4]]

/** A chart in `parent`. `onPoint` is told the index of the time that is pointed at, or `undefined`. */
export function createChart(
  parent: HTMLElement,
  onPoint: (index: number | undefined) => void,
): { show: (data: ChartData) => void; restyle: () => void } {
  let plot: uPlot | undefined
  let shape = ''
  let data: ChartData = { times: [], lines: [], corrected: [] }
  let width = 0

  const observer = new ResizeObserver(() => {
    const next = Math.floor(parent.clientWidth)
    if (next === width || next === 0) return
    width = next
    if (plot === undefined) draw()
    else plot.setSize({ width, height: HEIGHT })
  })
  observer.observe(parent)

  function draw(): void {
    if (width === 0 || data.times.length === 0) return
    const columns = [data.times.map((time) => time / 1_000), ...data.lines.map(({ values }) => [...values])]
    const next = JSON.stringify(data.lines.map(({ name, slot }) => [name, slot]))
    if (plot !== undefined && next === shape) {
      plot.setData(columns as uPlot.AlignedData)
      return
    }
    plot?.destroy()
    shape = next
    plot = new uPlot(optionsOf(), columns as uPlot.AlignedData, parent)
    // The table beside it has the same, and can be read.
    plot.root.setAttribute('aria-hidden', 'true')
  }

  function optionsOf(): uPlot.Options {
    const colours = readColours(parent)
    const axis = {
      stroke: colours.muted,
      font: colours.font,
      grid: { stroke: colours.line, width: 1 },
      ticks: { show: false },
    }
    return {
      width,
      height: HEIGHT,
      legend: { show: false },
      padding: [10, 20, 0, 0],
      cursor: { drag: { x: false, y: false }, y: false, points: { size: 6 } },
      scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] } },
      axes: [
        {
          ...axis,
          values: (_plot, ticks) => nameTimes(ticks.map((tick) => tick * 1_000)),
          space: 64,
          size: 26,
          grid: { show: false },
        },
        { ...axis, values: (_plot, ticks) => ticks.map((tick) => formatTick(tick)), size: 38 },
      ],
      series: [
        {},
        ...data.lines.map(({ name, slot }) => ({
          label: name,
          stroke: colours.lines[slot] ?? colours.muted,
          width: 1.75,
          dash: DASHES[slot] ?? [],
          points: { show: false },
        })),
      ],
      hooks: {
        drawClear: [(self) => shade(self, colours.shade)],
        draw: [(self) => markCorrected(self, colours.muted)],
        setCursor: [(self) => onPoint(self.cursor.idx ?? undefined)],
      },
    }
  }

  function shade(self: uPlot, colour: string): void {
    if (data.provisionalFrom === undefined) return
    const { left, top, width: right, height } = self.bbox
    const x = Math.max(left, self.valToPos(data.provisionalFrom / 1_000, 'x', true))
    const { ctx } = self
    ctx.save()
    ctx.beginPath()
    ctx.rect(x, top, left + right - x, height)
    ctx.clip()
    ctx.strokeStyle = colour
    ctx.lineWidth = devicePixelRatio
    // Hatched, as numbers that are not final.
    ctx.beginPath()
    for (let at = x - height; at < left + right; at += 7 * devicePixelRatio) {
      ctx.moveTo(at, top + height)
      ctx.lineTo(at + height, top)
    }
    ctx.stroke()
    ctx.restore()
  }

  function markCorrected(self: uPlot, colour: string): void {
    const { ctx } = self
    const { top, height } = self.bbox
    const size = 4 * devicePixelRatio
    ctx.save()
    ctx.fillStyle = colour
    for (const time of data.corrected) {
      const x = self.valToPos(time / 1_000, 'x', true)
      ctx.beginPath()
      ctx.moveTo(x, top + height - size)
      ctx.lineTo(x - size, top + height)
      ctx.lineTo(x + size, top + height)
      ctx.fill()
    }
    ctx.restore()
  }

  return {
    show(next) {
      data = next
      draw()
    },
    restyle() {
      shape = ''
      draw()
    },
  }
}

/** A canvas knows nothing of style sheets, so the colours are read off elements that have them. */
function readColours(parent: HTMLElement) {
  const probe = document.createElement('span')
  parent.append(probe)
  const colourOf = (className: string) => {
    probe.className = className
    return getComputedStyle(probe).color
  }
  const colours = {
    lines: Array.from({ length: MAX_LINES }, (_, slot) => colourOf(`line-${slot}`)),
    muted: colourOf('ink-muted'),
    line: colourOf('ink-line'),
    shade: colourOf('ink-shade'),
    font: `11px ${getComputedStyle(parent).fontFamily}`,
  }
  probe.remove()
  return colours
}
