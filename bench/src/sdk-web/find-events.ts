/** Finds the marked events in what an SDK sent, whatever its format, and what its server would dedupe each by. */

import { parseText } from './decode-body.ts'

/** A tracked event as it arrived. */
export interface FoundEvent {
  /** Which measurement it is of, as given to `track()`. */
  run: string
  /** Its number in that run. */
  i: number
  /** What the server dedupes by; undefined where the SDK sends nothing for it. */
  key: string | undefined
}

/** Names of that key: at Segment and RudderStack, PostHog, Snowplow, Amplitude, Mixpanel. */
const KEY_NAMES = ['messageId', 'uuid', 'eid', 'insert_id', '$insert_id']

/** Text that may have a marked event in it; shorter ones are values. */
const MIN_NESTED_TEXT = 20

/**
 * Walks decoded JSON, into JSON and base64 held as text too. A marked event is an object with `run` (text) and `i` (a
 * number, or the text of one); its key is that of the outermost object around it that has one, or, in a batch of ours,
 * `<stream>-<firstSeq + index>`.
 */
export function findEvents(roots: readonly unknown[]): FoundEvent[] {
  const found: FoundEvent[] = []
  for (const root of roots) walk(root, undefined, found)
  return found
}

function walk(value: unknown, outerKey: string | undefined, found: FoundEvent[]): void {
  if (typeof value === 'string' && value.length >= MIN_NESTED_TEXT) {
    const nested = parseText(value)
    if (nested !== undefined) walk(nested, outerKey, found)
  }
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const item of value) walk(item, outerKey, found)
    return
  }
  const object = value as Record<string, unknown>
  const key = outerKey ?? readKey(object)
  const marked = readMark(object)
  if (marked !== undefined) found.push({ ...marked, key })
  const { stream, firstSeq, batch } = object
  if (typeof stream === 'string' && typeof firstSeq === 'number' && Array.isArray(batch)) {
    for (const [index, event] of batch.entries()) walk(event, `${stream}-${firstSeq + index}`, found)
  } else {
    for (const inner of Object.values(object)) walk(inner, key, found)
  }
}

function readKey(object: Record<string, unknown>): string | undefined {
  for (const name of KEY_NAMES) {
    const value = object[name]
    if (typeof value === 'string') return value
  }
  return undefined
}

function readMark({ run, i }: Record<string, unknown>): Pick<FoundEvent, 'run' | 'i'> | undefined {
  const number = typeof i === 'string' && i !== '' ? Number(i) : i
  return typeof run === 'string' && typeof number === 'number' ? { run, i: number } : undefined
}
