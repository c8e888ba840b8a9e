/** A plain panel for each window of the configuration that no panel of its own shows: groups by measures, and lists. Always live. */

import type { GroupValues, LiveDefinition, LiveWindow } from '@millrace/schemas/live'
import { h } from '../dom.ts'
import { capitalize, formatClock, formatCount, formatMinute, formatRate, NOTHING } from '../format.ts'
import { createPanel, type Panel, type Shown } from '../panel.ts'
import type { LiveState } from '../state.ts'
import { createTable, type TableRow } from '../table.ts'
import { numberOf, quantilesOf, topOf } from '../windows.ts'
import { liveBasis } from './bases.ts'
import { type Ranked, rankedRows } from './ranked.ts'

/** Windows of `shippedWindows`, which have panels of their own. */
export const SHIPPED: readonly string[] = [
  'events',
  'active_visitors',
  'top_pages',
  'top_referrers',
  'orders',
  'revenue',
  'vitals',
  'funnel',
  'countries',
  'devices',
]

const MAX_ROWS = 10

/** Values of a list that stand in one cell. */
const MAX_IN_CELL = 3

/** What is shown. */
export interface Custom {
  columns: string[]
  rows: TableRow[]
  /** Groups that have no row. */
  more: number
  /** The most frequent values, where there is one group of all. */
  lists: { title: string; values: Ranked[] }[]
}

/** The windows that have no panel of their own. */
export function findCustom({ definitions }: Pick<LiveState, 'definitions'>): LiveDefinition[] {
  return definitions.filter(({ name }) => !SHIPPED.includes(name))
}

/** The latest window that is closed; of sessions the latest ones. Until there is one, the latest that has begun. */
export function readCustom(definition: LiveDefinition, state: LiveState, now: number): Shown<Custom> {
  const { name, kind, by, measures } = definition
  const begun = (state.windows.get(name) ?? []).filter(({ start }) => start <= now)
  const shown = kind === 'session' ? latestSessions(begun, now) : latestClosed(begun, now)
  if (shown.length === 0) return { model: undefined }
  const groups = shown.flatMap((window) => window.groups)
  const other = shown.flatMap((window) => (window.other === undefined ? [] : [window.other]))
  const isWhole = by.length === 0
  const cells = Object.entries(measures).filter(([, measured]) => !isWhole || measured !== 'top')
  const columns = cells.flatMap(([measure, measured]) => columnsOf(measure, measured, [...groups, ...other]))
  const largest = Math.max(1, ...groups.map(({ events }) => events))
  const rowOf = (label: string, group: Omit<GroupValues, 'key'>, isMuted: boolean): TableRow => ({
    label,
    values: columns.map(({ read }) => read(group)),
    share: isWhole ? 0 : Math.min(1, group.events / largest),
    isMuted,
  })
  const rows = [
    ...groups
      .slice(0, MAX_ROWS)
      .map((group) =>
        rowOf(
          isWhole ? 'All' : nameGroup(group.key),
          group,
          group.key.every((part) => part === '') && !isWhole,
        ),
      ),
    ...other.map((group) => rowOf('all others', group, true)),
  ]
  const lists = Object.entries(measures)
    .filter(([, measured]) => isWhole && measured === 'top')
    .map(([measure]) => ({
      title: nameMeasure(measure),
      values: topOf(groups[0], measure).map(
        ({ value, count, error }): Ranked => ({ name: value, counts: [count], error }),
      ),
    }))
  return {
    basis: liveBasis(shown, state.watermark, nameSpan(definition, shown)),
    model: {
      columns: [
        isWhole ? '' : capitalize(by.map(nameField).join(', ')),
        ...columns.map(({ title }) => title),
      ],
      rows: columns.length === 0 ? [] : rows,
      more: Math.max(0, groups.length - MAX_ROWS),
      lists,
    },
  }
}

/** Panels of the windows that the source has now, at the end of `parent`. */
export function createCustomPanels(parent: HTMLElement): {
  showLive: (state: LiveState, now: number) => void
  clear: () => void
} {
  let shown = ''
  let panels: Panel[] = []
  return {
    showLive(state, now) {
      const custom = findCustom(state)
      const next = JSON.stringify(custom)
      if (next !== shown) {
        for (const { element } of panels) element.remove()
        panels = custom.map(createCustomPanel)
        parent.append(...panels.map(({ element }) => element))
        shown = next
      }
      for (const panel of panels) panel.showLive(state, now)
    },
    clear() {
      for (const panel of panels) panel.clear()
    },
  }
}

function createCustomPanel(definition: LiveDefinition): Panel {
  const { name, title } = definition
  return createPanel<Custom>({
    id: `window-${name}`,
    title: title === '' ? name : title,
    width: 6,
    empty: 'Nothing in this time.',
    fromLive: (state, now) => readCustom(definition, state, now),
    mount: (body) => mountCustom(body, title === '' ? name : title),
  })
}

function mountCustom(body: HTMLElement, caption: string): (model: Custom) => void {
  let shape = ''
  let show = (_: Custom) => {}
  return (model) => {
    // Which quantiles there are is only known from the values.
    const next = JSON.stringify([model.columns, model.rows.length > 0, model.lists.map(({ title }) => title)])
    if (next !== shape) show = buildCustom(body, caption, model)
    shape = next
    show(model)
  }
}

function buildCustom(body: HTMLElement, caption: string, model: Custom): (model: Custom) => void {
  const main = h('div')
  const more = h('p', { class: 'hint' })
  const lists = model.lists.map(() => h('div'))
  body.replaceChildren(...(model.rows.length === 0 ? [] : [main]), more, ...lists)
  const showRows = createTable(main, { caption, columns: model.columns })
  const showLists = lists.map((list, index) => {
    const title = model.lists[index]?.title ?? ''
    return createTable(list, { caption: title, columns: [title, 'Count'] })
  })
  return ({ rows, more: left, lists: values }) => {
    showRows(rows)
    more.hidden = left === 0
    more.textContent = `And ${formatCount(left)} more.`
    showLists.forEach((showList, index) => {
      showList(rankedRows(values[index]?.values ?? [], { nameOf: (name) => name }))
    })
  }
}

function latestClosed(begun: readonly LiveWindow[], now: number): LiveWindow[] {
  const last =
    begun.findLast(({ state }) => state !== 'provisional') ??
    begun.findLast(({ end }) => end <= now) ??
    begun.at(-1)
  return last === undefined ? [] : [last]
}

function latestSessions(begun: readonly LiveWindow[], now: number): LiveWindow[] {
  const ended = begun.filter(({ end }) => end <= now)
  return [...ended].sort((a, b) => b.end - a.end).slice(0, MAX_ROWS)
}

interface Column {
  title: string
  read: (group: Omit<GroupValues, 'key'>) => string
}

/** One for a number or a list, one for each quantile. */
function columnsOf(measure: string, measured: string, groups: readonly Omit<GroupValues, 'key'>[]): Column[] {
  const title = nameMeasure(measure)
  if (measured === 'top') return [{ title, read: (group) => tellTop(group, measure) }]
  if (measured !== 'quantiles') return [{ title, read: (group) => formatMeasure(numberOf(group, measure)) }]
  const keys = new Set(groups.flatMap((group) => Object.keys(quantilesOf(group, measure))))
  return [...keys]
    .sort((a, b) => Number(a) - Number(b))
    .map((key) => ({
      title: `${title} p${Number((Number(key) * 100).toFixed(2))}`,
      read: (group) => formatMeasure(quantilesOf(group, measure)[key] ?? null),
    }))
}

function tellTop(group: Omit<GroupValues, 'key'>, measure: string): string {
  const entries = topOf(group, measure).slice(0, MAX_IN_CELL)
  return entries.map(({ value, count }) => `${value} ${formatCount(count)}`).join(', ') || NOTHING
}

function formatMeasure(value: number | null): string {
  return value !== null && Number.isInteger(value) ? formatCount(value) : formatRate(value)
}

function nameGroup(key: readonly string[]): string {
  return key.map((part) => (part === '' ? '(not known)' : part)).join(' · ')
}

/** `signups_by_plan` as people write it. */
function nameMeasure(measure: string): string {
  return capitalize(measure.replaceAll('_', ' '))
}

/** The last part of a path: `plan` of `properties.plan`. */
function nameField(field: string): string {
  return (field.split('.').at(-1) ?? field).replaceAll('_', ' ')
}

function nameSpan({ kind, sizeMs }: LiveDefinition, shown: readonly LiveWindow[]): string {
  if (kind === 'session') return `latest that ended: ${shown.length}`
  const [{ start, end } = { start: 0, end: 0 }] = shown
  const name = sizeMs % 60_000 === 0 ? formatMinute : formatClock
  return `${name(start)} to ${name(end)}`
}
