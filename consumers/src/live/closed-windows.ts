/** Closed windows as rows of ClickHouse's `live_windows`: each version of each once, however often it is written. */

import type { GroupValues, LiveWindow, MeasureValue, TopEntry } from '@millrace/schemas/live'
import { isDataError } from '@millrace/schemas/native'
import type { Undelivered } from './window-table.ts'

/** A row of `live_windows`: one group of one version of a window. */
export interface ClosedWindowRow {
  source: string
  name: string
  window_start: number
  window_end: number
  version: number
  /** `final`, `corrected`, or `removed` for a session that is part of another one now. */
  state: string
  key: string[]
  is_other: boolean
  events: number
  values: Record<string, number>
  tops: Record<string, TopEntry[]>
}

/** Inserts rows; resolves when ClickHouse has them. */
export type InsertJson = (table: string, rows: readonly object[]) => Promise<void>

/** Rows of one insert, and of one delivery; the rest comes with the next. */
const ROWS_AN_INSERT = 20_000
const ROWS_A_DELIVERY = 100_000

/** What is told of a window that ClickHouse refuses by itself. */
export type OnRefused = (window: LiveWindow, error: unknown) => void

/**
 * Writes windows to ClickHouse, and marks those that it has. Rejects when it does not answer; what is written again is the same
 * rows. Of rows that it answers it cannot take, those of other windows are written without them, so that one window that is
 * refused for good holds up no other; it waits on.
 *
 * @returns whether there is more
 */
export async function deliverClosed(
  source: string,
  undelivered: readonly Undelivered[],
  insert: InsertJson,
  onRefused: OnRefused,
): Promise<boolean> {
  // All rows are made before anything is awaited: what comes meanwhile is of the next version.
  const batches: { parts: Part[]; rowCount: number }[] = []
  let total = 0
  let taken = 0
  for (const item of undelivered) {
    const rows = buildRows(source, item)
    const last = batches.at(-1)
    if (last === undefined || last.rowCount + rows.length > ROWS_AN_INSERT)
      batches.push({ parts: [{ rows, item }], rowCount: rows.length })
    else {
      last.parts.push({ rows, item })
      last.rowCount += rows.length
    }
    taken += 1
    total += rows.length
    if (total >= ROWS_A_DELIVERY) break
  }
  for (const { parts } of batches) await write(parts, insert, onRefused)
  return taken < undelivered.length
}

/** A window and its rows. */
interface Part {
  rows: ClosedWindowRow[]
  item: Undelivered
}

async function write(parts: readonly Part[], insert: InsertJson, onRefused: OnRefused): Promise<void> {
  try {
    await insert(
      'live_windows',
      parts.flatMap(({ rows }) => rows),
    )
  } catch (error) {
    if (!isDataError(error)) throw error
    const [first] = parts
    if (parts.length === 1 && first !== undefined) return onRefused(first.item.window, error)
    const half = Math.ceil(parts.length / 2)
    await write(parts.slice(0, half), insert, onRefused)
    await write(parts.slice(half), insert, onRefused)
    return
  }
  for (const { item } of parts) item.markDelivered()
}

/** The rows of a window. One without events has none. */
export function buildRows(source: string, { window, isRemoved }: Undelivered): ClosedWindowRow[] {
  const { name, start, end, version, state, groups, other } = window
  const shared = {
    ...{ source, name, window_start: start, window_end: end, version },
    state: isRemoved === true ? 'removed' : state,
  }
  const rows = groups.map((group) => ({ ...shared, key: group.key, is_other: false, ...buildValues(group) }))
  return other === undefined ? rows : [...rows, { ...shared, key: [], is_other: true, ...buildValues(other) }]
}

function buildValues({
  events,
  values,
}: Omit<GroupValues, 'key'>): Pick<ClosedWindowRow, 'events' | 'values' | 'tops'> {
  const numbers: Record<string, number> = {}
  const tops: ClosedWindowRow['tops'] = {}
  for (const [name, value] of Object.entries(values)) {
    // Named tuples are objects to ClickHouse where it reads JSON.
    if (isTop(value))
      tops[name] = value.map(({ value: text, count, error }) => ({ value: text, count, error }))
    else for (const [full, number] of flatten(name, value)) numbers[full] = number
  }
  return { events, values: numbers, tops }
}

function isTop(value: MeasureValue): value is TopEntry[] {
  return Array.isArray(value)
}

/** A quantile is `name.0.95`; what could not be measured is left out. */
function flatten(name: string, value: Exclude<MeasureValue, TopEntry[]>): [string, number][] {
  if (typeof value === 'number') return [[name, value]]
  if (value === null) return []
  return Object.entries(value).flatMap(([quantile, number]): [string, number][] =>
    number === null ? [] : [[`${name}.${quantile}`, number]],
  )
}
