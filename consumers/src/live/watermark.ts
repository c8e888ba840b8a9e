/**
 * Up to when events are expected to be there. By our own clocks, never by the clients': from the receipt of what has come, or,
 * when nothing comes, from what time it is. Pure.
 */

import type { ResolvedLiveSettings } from './plan.ts'

/** How long nothing must come until time itself counts. A queue that is up brings what it has within seconds. */
export const IDLE_MS = 15_000

/** A step of the floor: it then moves rarely, and never within a pane of the shipped windows. */
export const FLOOR_STEP_MS = 10_000

/** What the watermark follows; milliseconds since 1970. */
export interface Progress {
  /** Latest receipt of what has come. */
  receivedAt: number
  /** When something last came, by the clock of this machine. */
  changedAt: number
  /** Receipt of the first that ever came; 0 when nothing did. */
  startedAt: number
  /** Never goes back. */
  watermark: number
}

/** The watermark now. */
export function advanceWatermark(
  { receivedAt, changedAt, watermark }: Progress,
  { latenessMs }: Pick<ResolvedLiveSettings, 'latenessMs'>,
  now: number,
): number {
  // Nothing came yet, so nothing is waited for.
  if (receivedAt === 0) return watermark
  const isIdle = now - changedAt >= IDLE_MS
  const observed = isIdle ? Math.max(receivedAt, now - IDLE_MS) : receivedAt
  return Math.max(watermark, observed - latenessMs)
}

/** Events before this are late: what their windows held is not kept any more. */
export function floorOf(
  watermark: number,
  { retentionMs }: Pick<ResolvedLiveSettings, 'retentionMs'>,
): number {
  return Math.floor((watermark - retentionMs) / FLOOR_STEP_MS) * FLOOR_STEP_MS
}
