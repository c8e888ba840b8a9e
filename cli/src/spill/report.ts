/** The spill as text for people. Pure. */

import { printable } from '../printable.ts'
import type { DrainReport, Spill } from './spill.ts'

/** Most objects that are told one by one. */
const MAX_ROWS = 20

/** More than so many are not counted. Source: the collector's route. */
const MAX_COUNTED = 1_000

/** What waits, the oldest first, ending with a newline. */
export function formatSpill({ objects, bytes, oldestAt, spilled }: Spill, now: number): string {
  if (objects === 0) return 'the spill is empty: the queue has everything\n'
  const age = oldestAt === undefined ? '' : `, the oldest ${formatAge(now - Date.parse(oldestAt))} old`
  const shown = spilled.slice(0, MAX_ROWS)
  const width = Math.max(...shown.map((object) => object.bytes.toLocaleString('en-US').length))
  const lines = [
    `${count(objects, 'object')} of all sources, ${bytes.toLocaleString('en-US')} bytes${age}`,
    '',
    ...shown.map(
      (object) =>
        `${object.spilledAt ?? '-'.padEnd(24)}  ${object.bytes.toLocaleString('en-US').padStart(width)} bytes  ${object.key}`,
    ),
    ...(objects > shown.length
      ? [`and ${count(objects - shown.length, 'younger one')}; --json has all`]
      : []),
  ]
  return `${lines.map(printable).join('\n')}\n`
}

/** What a drain did, in one or two lines. */
export function formatDrain(report: DrainReport): string {
  const { objects, messages, error } = report
  const done =
    objects + messages === 0
      ? 'nothing was sent'
      : `${count(messages, 'message')} of ${count(objects, 'object')} sent to the queue`
  const why = error === undefined ? '' : `: ${error}`
  return `${printable(`${done}; ${describeLeft(report)}${why}`)}\n`
}

/** How long ago, in the largest unit that it is two of. */
export function formatAge(ms: number): string {
  const units: [string, number][] = [
    ['days', 86_400_000],
    ['hours', 3_600_000],
    ['minutes', 60_000],
  ]
  const [unit, size] = units.find(([, length]) => ms >= 2 * length) ?? ['seconds', 1_000]
  return `${Math.max(0, Math.floor(ms / size))} ${unit}`
}

function describeLeft({ left, oldestLeftMs }: DrainReport): string {
  if (left === 0) return 'the spill is empty'
  if (left === undefined) return 'the bucket does not say what is left'
  const number = left >= MAX_COUNTED ? `${count(left, 'object')} or more` : count(left, 'object')
  const age = oldestLeftMs === undefined ? '' : `, the oldest ${formatAge(oldestLeftMs)} old`
  return `${number} left${age}`
}

function count(number: number, what: string): string {
  return `${number.toLocaleString('en-US')} ${what}${number === 1 ? '' : 's'}`
}
