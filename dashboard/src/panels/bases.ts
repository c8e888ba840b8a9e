/** Says which time the numbers of a panel are of, and how sure they are. Pure. */

import type { LiveWindow } from '@millrace/schemas/live'
import { formatMinute, formatSpan } from '../format.ts'
import type { Basis } from '../panel.ts'
import { describeRange, type Range } from '../range.ts'
import { leastSure } from '../windows.ts'

const MINUTE_MS = 60_000

/**
 * Of live windows. One of them nearly always goes on, so it is said from when on numbers may still change: what is older than
 * the watermark is settled, to the minute.
 */
export function liveBasis(windows: readonly LiveWindow[], watermark: number, text: string): Basis {
  const state = leastSure(windows)
  if (state !== 'provisional') return { state, text }
  const settled = Math.floor(watermark / MINUTE_MS) * MINUTE_MS
  const open = windows
    .filter((window) => window.state === 'provisional')
    // One that should be final and is not never will be: its definition is a new one.
    .map(({ start, end }) => (end <= watermark ? start : Math.max(start, settled)))
  const since = Math.min(...open)
  const isPart = since > Math.min(...windows.map(({ start }) => start))
  const isCorrected = windows.some((window) => window.state === 'corrected')
  return { state, ...(isPart ? { since } : {}), ...(isCorrected ? { isCorrected } : {}), text }
}

/** Of windows that follow each other: since the first of them. */
export function sinceFirst(windows: readonly LiveWindow[], watermark: number): Basis {
  const first = Math.min(...windows.map(({ start }) => start))
  return liveBasis(windows, watermark, `since ${formatMinute(first)}`)
}

/** Of one window that reaches to now. */
export function lastSpan(window: LiveWindow, watermark: number): Basis {
  return liveBasis([window], watermark, `last ${formatSpan(window.end - window.start)}`)
}

/** Of stored events. */
export function storedBasis(range: Range): Basis {
  return { state: 'stored', text: describeRange(range) }
}
