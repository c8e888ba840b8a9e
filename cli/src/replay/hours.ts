/** Which hours of a range the lake has nothing of. Pure. */

import { type ManifestFile, parseFileKey } from '@millrace/schemas/lake'
import type { Range } from './rows.ts'

const HOUR_MS = 3_600_000

/** Stretches that are told one by one. */
const MAX_TOLD = 5

/** From the hour of the first file to the end of the last one's, or `undefined` without files. */
export function rangeOfFiles(files: readonly ManifestFile[]): Range | undefined {
  const hours = hoursOf(files)
  if (hours.length === 0) return undefined
  return { from: Math.min(...minMax(hours)), to: Math.max(...minMax(hours)) + HOUR_MS }
}

/** Stretches of hours within the range that have no file, in order. */
export function findGaps(files: readonly ManifestFile[], { from, to }: Range): Range[] {
  const known = new Set(hoursOf(files))
  const gaps: Range[] = []
  for (let hour = from - (from % HOUR_MS); hour < to; hour += HOUR_MS) {
    if (known.has(hour)) continue
    const last = gaps.at(-1)
    if (last?.to === hour) last.to = hour + HOUR_MS
    else gaps.push({ from: hour, to: hour + HOUR_MS })
  }
  return gaps
}

/** `the lake has nothing for 3 hours: 2026-11-21 04:00 – 07:00`, or `undefined` when it has something for all of them. */
export function describeGaps(gaps: readonly Range[]): string | undefined {
  if (gaps.length === 0) return undefined
  const hours = gaps.reduce((sum, { from, to }) => sum + (to - from) / HOUR_MS, 0)
  const told = gaps.slice(0, MAX_TOLD).map(describeStretch)
  const rest = gaps.length - told.length
  const more = rest === 0 ? '' : ` and ${rest} more ${rest === 1 ? 'stretch' : 'stretches'}`
  return `the lake has nothing for ${hours} ${hours === 1 ? 'hour' : 'hours'}: ${told.join(', ')}${more}`
}

function describeStretch({ from, to }: Range): string {
  const [start, end] = [from, to].map((time) => new Date(time).toISOString().slice(0, 16).replace('T', ' '))
  return `${start} – ${start?.slice(0, 10) === end?.slice(0, 10) ? end?.slice(11) : end}`
}

function hoursOf(files: readonly ManifestFile[]): number[] {
  return files.flatMap(({ path }) => parseFileKey(path)?.hour ?? [])
}

/** Without the many arguments that years of hours would be. */
function minMax(values: readonly number[]): [number, number] {
  return values.reduce<[number, number]>(
    ([least, greatest], value) => [Math.min(least, value), Math.max(greatest, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  )
}
