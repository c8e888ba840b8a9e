/** Monitors of the kind `threshold`: a measure of final live windows. Pure. */

import type { GroupValues, LiveWindow, ThresholdMonitor } from '@millrace/schemas/live'
import { numberText, shortText, timeText } from './describe.ts'
import type { FiringKey, MonitorResult } from './result.ts'

/** What is known of the windows that a monitor is about. */
export interface ThresholdView {
  source: string
  /** All that are retained; those of other names are passed over. */
  windows: readonly LiveWindow[]
  /** Windows that end at or before it are final. */
  watermark: number
  /** How often a window begins, and how long it is. */
  everyMs: number
  sizeMs: number
  /** When counting began: a window that begins before is not whole. */
  since: number
  /** Windows that end at or before it are forgotten. */
  floor: number
}

/** A group in one window; `null` where it is not known, or nothing was measured. */
type ReadValue = (window: LiveWindow | undefined, key: readonly string[] | undefined) => number | null

/** Windows that are judged one after the other at most, when many became final at once. */
const MAX_JUDGED = 360

/** End of the last window that is final. */
function lastEndOf({ watermark, everyMs }: Pick<ThresholdView, 'watermark' | 'everyMs'>): number {
  return Math.floor(watermark / everyMs) * everyMs
}

/**
 * Judges each window that became final since it was last judged, in order: the watermark may pass several at once, and what was
 * beyond the limit in one of them is told though it is over. When none did, the last one is judged again, as it may have been
 * corrected, unless it is forgotten by now.
 *
 * What is judged twice, also by an object that was thrown out of memory and lacks what it did last, gives the same results: they are
 * of the time at which their window ended, whenever that is looked at.
 *
 * @param judgedUntil watermark of the last time; `undefined` for the first, when only the last window is judged
 */
export function evaluateThresholds(
  monitor: ThresholdMonitor,
  view: ThresholdView,
  judgedUntil: number | undefined,
): MonitorResult[] {
  const { everyMs } = view
  const lastEnd = lastEndOf(view)
  const judgedEnd = judgedUntil === undefined ? lastEnd : lastEndOf({ watermark: judgedUntil, everyMs })
  const isAgain = judgedUntil !== undefined && lastEnd <= judgedEnd
  if (isAgain && !isKept(monitor, view, lastEnd)) return []
  const count = Math.min(MAX_JUDGED, Math.max(1, (lastEnd - judgedEnd) / everyMs))
  return Array.from({ length: count }, (_, index) =>
    evaluateThreshold(monitor, view, lastEnd - (count - 1 - index) * everyMs),
  )
}

/**
 * Judges the final windows up to one, as many as `forWindows`. A window that is not there had no events, and a group that is not
 * in one had none there: both count 0.
 *
 * @param lastEnd end of that window; default: the last that is final
 */
export function evaluateThreshold(
  monitor: ThresholdMonitor,
  view: ThresholdView,
  lastEnd = lastEndOf(view),
): MonitorResult {
  const { name, window, kind, group, forWindows = 1 } = monitor
  const { source, everyMs, sizeMs, since, floor } = view
  const base = { name, source, kind, at: lastEnd, value: null, keys: [] }
  const unknown = (why: string): MonitorResult => ({
    ...base,
    state: 'unknown',
    message: `windows ${window} are ${why} only, which is too short to tell`,
  })
  if (firstEndOf(monitor, view, lastEnd) - sizeMs < since) return unknown(`whole since ${timeText(since)}`)
  if (!isKept(monitor, view, lastEnd)) return unknown(`kept since ${timeText(floor)}`)
  const byEnd = new Map(
    view.windows
      .filter((candidate) => candidate.name === window)
      .map((candidate) => [candidate.end, candidate]),
  )
  const windows = Array.from({ length: forWindows }, (_, index) => byEnd.get(lastEnd - index * everyMs))
  const read = createReader(monitor.measure)
  const until = `in the ${forWindows === 1 ? 'window' : `${forWindows} windows`} until ${timeText(lastEnd)}`
  const hasGroups = windows.some((candidate) => candidate?.groups.some(({ key }) => key.length > 0))
  if (group === undefined && hasGroups) return { ...base, ...judgeGroups(monitor, windows, read, until) }
  const value = read(windows[0], group)
  const isFiring = windows.every((candidate) => holds(monitor, read(candidate, group)))
  const whose = group === undefined ? '' : ` of ${groupText(group)}`
  return {
    ...base,
    value,
    state: isFiring ? 'firing' : 'ok',
    message: `${monitor.measure}${whose} was ${valueText(value)} ${until}; ${limitText(monitor)}`,
  }
}

/** End of the first of the windows that are judged together. */
function firstEndOf(
  { forWindows = 1 }: ThresholdMonitor,
  { everyMs }: ThresholdView,
  lastEnd: number,
): number {
  return lastEnd - (forWindows - 1) * everyMs
}

function isKept(monitor: ThresholdMonitor, view: ThresholdView, lastEnd: number): boolean {
  return firstEndOf(monitor, view, lastEnd) > view.floor
}

/** The values of a group by its key. Anything else, as older versions kept, is one value. */
export function groupOf(key: string): string[] {
  try {
    const values: unknown = JSON.parse(key)
    if (Array.isArray(values)) return values.map(String)
  } catch {
    // It was no JSON then.
  }
  return [key]
}

/** A group as a person is shown it, by its key; several may read the same. */
export function groupKeyText(key: string): string {
  return groupText(groupOf(key))
}

/** Each group for itself. All that fire are told, of which a window has a thousand at most, so of the others it is known that they do not. */
function judgeGroups(
  monitor: ThresholdMonitor,
  windows: readonly (LiveWindow | undefined)[],
  read: ReadValue,
  until: string,
): Pick<MonitorResult, 'state' | 'message' | 'keys'> {
  const keys = (windows[0]?.groups ?? [])
    .filter(({ key }) => windows.every((candidate) => holds(monitor, read(candidate, key))))
    .map(({ key }): FiringKey => {
      const value = read(windows[0], key)
      const message = `${monitor.measure} of ${groupText(key)} was ${valueText(value)} ${until}; ${limitText(monitor)}`
      return { key: JSON.stringify(key), message, value }
    })
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0))
  return {
    state: keys.length > 0 ? 'firing' : 'ok',
    keys,
    message: `${monitor.measure} was beyond the limit for ${keys.length} of ${windows[0]?.groups.length ?? 0} groups ${until}; ${limitText(monitor)}`,
  }
}

/** Reads `revenue`, or of quantiles `value.0.95`. */
function createReader(path: string): ReadValue {
  const dot = path.indexOf('.')
  const measure = dot === -1 ? path : path.slice(0, dot)
  const quantile = dot === -1 ? undefined : path.slice(dot + 1)
  return (window, key = []) => {
    if (window === undefined) return 0
    const group = window.groups.find((candidate) => isSame(candidate.key, key))
    // It may be among those that were too many to be told apart.
    if (group === undefined) return window.other === undefined ? 0 : null
    return measuredOf(group, measure, quantile)
  }
}

function measuredOf({ values }: GroupValues, measure: string, quantile: string | undefined): number | null {
  const value = values[measure] ?? null
  if (typeof value === 'number' || value === null) return value
  return Array.isArray(value) || quantile === undefined ? null : (value[quantile] ?? null)
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index])
}

function holds({ above, below }: ThresholdMonitor, value: number | null): boolean {
  if (value === null) return false
  return above === undefined ? below !== undefined && value < below : value > above
}

function limitText({ above, below }: ThresholdMonitor): string {
  return above === undefined
    ? `it must not be below ${numberText(below ?? 0)}`
    : `it must not be above ${numberText(above)}`
}

function valueText(value: number | null): string {
  return value === null ? 'not measured' : numberText(value)
}

function groupText(key: readonly string[]): string {
  return key.map((value) => shortText(value) || '(none)').join(' / ')
}
