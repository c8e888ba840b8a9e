/** The span of `timestamp` that somebody asks for, from what was written and the clock. Pure. */

import type { TimeRange } from './manifest.ts'

/** Outcome of {@link parseLakeRange}. */
export type LakeRangeResult =
  | { ok: true; range: TimeRange }
  | { ok: false; path: 'from' | 'to'; message: string }

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Times are from 1970 to 2099, as questions have them. The latter is what a range without an end ends with. */
const MAX_TIME = Date.UTC(2100, 0, 1)

const ISO_8601 = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/

/**
 * A range as people write it, as questions to the collector have it: ISO 8601, UTC where it names no zone, or a duration
 * (`30m`, `24h`, `7d`, `4w`), which is before now, or of `from` before a `to` that is a time.
 *
 * @param written.from default: the beginning of all
 * @param written.to exclusive; default: the end of all
 * @param now milliseconds since 1970
 */
export function parseLakeRange(
  { from: writtenFrom, to: writtenTo }: { from?: string | undefined; to?: string | undefined },
  now: number,
): LakeRangeResult {
  const toMoment = writtenTo === undefined ? MAX_TIME : parseMoment(writtenTo)
  const to = toMoment ?? before(now, writtenTo ?? '')
  if (to === undefined || to < 0) return refuse('to', writtenTo)
  const end = writtenTo !== undefined && toMoment !== undefined ? toMoment : now
  const from = writtenFrom === undefined ? 0 : (parseMoment(writtenFrom) ?? before(end, writtenFrom))
  if (from === undefined || from < 0) return refuse('from', writtenFrom)
  if (from < to) return { ok: true, range: { from, to } }
  return { ok: false, path: 'from', message: `must be before to, which is ${new Date(to).toISOString()}` }
}

/** Whether a range has no end of its own. */
export function isOpenEnded({ to }: TimeRange): boolean {
  return to >= MAX_TIME
}

function parseMoment(text: string): number | undefined {
  if (!ISO_8601.test(text) || !isDay(text.slice(0, 10))) return undefined
  const hasZone = !text.includes('T') || /(Z|[+-]\d{2}:\d{2})$/.test(text)
  const time = Date.parse(hasZone ? text : `${text}Z`)
  return time >= 0 && time < MAX_TIME ? time : undefined
}

/** Whether there is such a day: `Date.parse` takes February 30 for March 2. */
function isDay(text: string): boolean {
  const time = Date.parse(text)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

function before(end: number, text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,5})([mhdw])$/.exec(text) ?? []
  const durationMs = Number(count) * (MS_PER_UNIT[unit] ?? Number.NaN)
  return durationMs > 0 ? end - durationMs : undefined
}

function refuse(path: 'from' | 'to', got: string | undefined): LakeRangeResult {
  const message = `must be a time from 1970 to 2099 such as 2026-11-22, 2026-11-22T10:00Z or 7d (also m, h, w), got ${JSON.stringify(got)}`
  return { ok: false, path, message }
}
