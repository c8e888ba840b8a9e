/** "What is happening?": events by name over time. Pure; drawn in `happening-panel.ts`. */

import type { LiveWindow } from '@millrace/schemas/live'
import type { Shown } from '../panel.ts'
import { type Answer, asNumber, asNumberOrNull, bucketTime } from '../query.ts'
import type { Range } from '../range.ts'
import { KEEP_MS, type LiveState } from '../state.ts'
import { numberOf } from '../windows.ts'
import { liveBasis, storedBasis } from './bases.ts'

const WINDOW = 'events'

/** Names that have a line of their own. */
export const MAX_NAMES = 5

/** The rest, as one line. */
export const OTHERS = 'all others'

/** Measured by the SDK and done by nobody, so it is among the others unless there is nothing else. */
const MEASURED = 'Web Vital'

/** The last windows that a rate of now is made of, beside the one that is open. */
const RATE_WINDOWS = 5

/** One name over time. */
export interface HappeningLine {
  name: string
  isOther?: true
  /** One for each time. */
  values: (number | null)[]
  total: number | null
  /** Events a second in the last minute; absent for stored events. */
  rate?: number
}

/** What is shown. */
export interface Happening {
  /** All events together, and what that number is. */
  total: { value: number; what: string; isRate: boolean }
  /** Beginnings of the steps, milliseconds since 1970. */
  times: number[]
  /** Those with most events first. */
  lines: HappeningLine[]
  /** What the values are. */
  unit: string
  provisionalFrom?: number
  corrected: number[]
}

/** Events a second in the last minute. */
export function readRate(state: LiveState, now: number): number {
  const { everyMs, begun } = begunWindows(state, now)
  const { from, seconds } = rateSpan(everyMs, now)
  const recent = begun.filter(({ start }) => start >= from)
  return recent.reduce((sum, window) => sum + window.events, 0) / seconds
}

/**
 * The line is of live windows that have ended: one that is still open would look like a fall. The numbers beside it are of that
 * one too.
 */
export function readHappening(state: LiveState, now: number): Shown<Happening> {
  const { everyMs, begun } = begunWindows(state, now)
  const ended = begun.filter((window) => window.end <= now)
  const open = begun.filter((window) => window.end > now)
  if (begun.length === 0) return { model: undefined }
  const end = Math.floor(now / everyMs) * everyMs
  const from = end - KEEP_MS
  const times = Array.from({ length: KEEP_MS / everyMs }, (_, index) => from + index * everyMs)
  const byStart = new Map(ended.map((window) => [window.start, window]))
  const names = rankNames(begun)
  const shown = namesToShow(names)
  const seconds = everyMs / 1_000
  const rate = rateSpan(everyMs, now)
  const lineOf = (name: string, countIn: (window: LiveWindow) => number): HappeningLine => {
    const counts = times.map((time) => {
      const window = byStart.get(time)
      return window === undefined ? 0 : countIn(window)
    })
    const inOpen = open.reduce((sum, window) => sum + countIn(window), 0)
    const recent = counts.slice(-RATE_WINDOWS).reduce((sum, count) => sum + count, inOpen)
    return {
      name,
      values: counts.map((count) => count / seconds),
      total: counts.reduce((sum, count) => sum + count, inOpen),
      rate: recent / rate.seconds,
    }
  }
  const lines = shown.map((name) => lineOf(name, (window) => countOf(window, name)))
  const isMore = names.length > shown.length || begun.some(({ other }) => (other?.events ?? 0) > 0)
  const restOf = (window: LiveWindow) =>
    window.events - shown.reduce((sum, name) => sum + countOf(window, name), 0)
  const provisional = ended.filter((window) => window.state === 'provisional').map(({ start }) => start)
  return {
    basis: liveBasis(begun, state.watermark, 'last 15 min, by 10 s'),
    model: {
      total: { value: readRate(state, now), what: 'events a second, last minute', isRate: true },
      times,
      lines: isMore ? [...lines, { ...lineOf(OTHERS, restOf), isOther: true }] : lines,
      unit: 'events a second',
      ...(provisional.length === 0 ? {} : { provisionalFrom: Math.min(...provisional) }),
      corrected: ended.filter((window) => window.state === 'corrected').map(({ start }) => start),
    },
  }
}

/** Of stored events. */
export function readHappeningAnswer([answer]: Answer[], range: Range): Shown<Happening> {
  const { buckets = [], series = [] } = answer ?? {}
  const total = series.reduce((sum, one) => sum + asNumber(one.total), 0)
  if (total === 0) return { model: undefined }
  const times = buckets.map(bucketTime)
  const named = series.filter(({ isOther }) => isOther !== true)
  const shown = new Set(namesToShow(named.map(({ name }) => name ?? '')))
  const lines = named
    .filter(({ name }) => shown.has(name ?? ''))
    .map(
      ({ name, values, total: count = null }): HappeningLine => ({
        name: name === null || name === '' ? '(no name)' : name,
        values,
        total: asNumberOrNull(count),
      }),
    )
  const rest = series.filter(({ name, isOther }) => isOther === true || !shown.has(name ?? ''))
  const others: HappeningLine = {
    name: OTHERS,
    isOther: true,
    values: times.map((_, index) => rest.reduce((sum, { values }) => sum + (values[index] ?? 0), 0)),
    total: rest.reduce((sum, one) => sum + asNumber(one.total), 0),
  }
  return {
    basis: storedBasis(range),
    model: {
      total: { value: total, what: 'events', isRate: false },
      times,
      lines: rest.length === 0 ? lines : [...lines, others],
      unit: `events ${nameStep(times)}`,
      corrected: [],
    },
  }
}

/** Those that get a line, of names by how many there are. */
function namesToShow(names: readonly string[]): string[] {
  const shown = names.filter((name) => name !== MEASURED).slice(0, MAX_NAMES)
  return shown.length === 0 ? [...names] : shown
}

/** `a minute`, `an hour`, by what lies between buckets. */
export function nameStep(times: readonly number[]): string {
  const [first = 0, second = 0] = times
  const minutes = (second - first) / 60_000
  if (times.length < 2) return 'in all'
  if (minutes <= 1) return 'a minute'
  if (minutes <= 60) return 'an hour'
  // A day with a change of the clock has 23 or 25 hours.
  if (minutes <= 25 * 60) return 'a day'
  return minutes <= 8 * 24 * 60 ? 'a week' : 'a month'
}

function begunWindows(state: LiveState, now: number): { everyMs: number; begun: LiveWindow[] } {
  const everyMs = state.definitions.find(({ name }) => name === WINDOW)?.everyMs ?? 10_000
  const begun = (state.windows.get(WINDOW) ?? []).filter(
    ({ start }) => start <= now && start >= now - KEEP_MS - everyMs,
  )
  return { everyMs, begun }
}

/** Where the span of a rate of now begins, and how long it is. */
function rateSpan(everyMs: number, now: number): { from: number; seconds: number } {
  const from = (Math.floor(now / everyMs) - RATE_WINDOWS) * everyMs
  return { from, seconds: (now - from) / 1_000 }
}

function countOf(window: LiveWindow, name: string): number {
  const group = window.groups.find(({ key }) => key[0] === name)
  return numberOf(group, 'count') ?? group?.events ?? 0
}

/** Names by their events in all windows, most first. */
function rankNames(windows: readonly LiveWindow[]): string[] {
  const totals = new Map<string, number>()
  for (const { key, events } of windows.flatMap(({ groups }) => groups)) {
    const name = key[0] ?? ''
    totals.set(name, (totals.get(name) ?? 0) + events)
  }
  return [...totals].sort(([a, x], [b, y]) => y - x || a.localeCompare(b)).map(([name]) => name)
}
