/** What changes when a monitor is evaluated again. Pure. */

import { type FiringKey, MAX_KEYS, type MonitorResult } from './result.ts'

/** Key of what concerns the whole, not one user or group. */
export const WHOLE = ''

/** What is to be told. */
export interface Transitions {
  fired: FiringKey[]
  /** Keys that fired and do no more. */
  recovered: string[]
  /** Keys that fire, and are not kept because there are too many. */
  more: number
}

/**
 * Compares a result with what fires until now. Where a result tells only some of its keys, those that it neither tells nor
 * judged stay as they are. At most {@link MAX_KEYS} fire at once: what comes beyond that is counted, and told when there is room.
 *
 * @param firing keys that fire until now
 * @param result not `unknown`, which changes nothing
 */
export function decideTransitions(firing: ReadonlySet<string>, result: MonitorResult): Transitions {
  const { state, keys, message, value, more = 0 } = result
  const judged = new Set([WHOLE, ...(result.judged ?? [])])
  const told: FiringKey[] =
    state !== 'firing' ? [] : keys.length > 0 ? keys : [{ key: WHOLE, message, value }]
  const wanted = new Set(told.map(({ key }) => key))
  const recovered = [...firing].filter((key) => !wanted.has(key) && (more === 0 || judged.has(key)))
  const room = MAX_KEYS - (firing.size - recovered.length)
  const isNew = [...new Map(told.map((one) => [one.key, one])).values()].filter(({ key }) => !firing.has(key))
  const fired = isNew.slice(0, Math.max(0, room))
  // Those that are kept but not told are among the `more`.
  const untold = [...firing].filter((key) => !wanted.has(key) && more > 0 && !judged.has(key)).length
  return { fired, recovered, more: Math.max(0, more - untold) + isNew.length - fired.length }
}
