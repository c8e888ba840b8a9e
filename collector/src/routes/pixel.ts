/**
 * Events as images, for mails and pages without scripts: RudderStack's `/pixel/v1/{track,page}` with one query parameter
 * a field, and Segment's `/v1/pixel/{type}` with the whole event as base64 in `data`.
 */

import { dropPrototypeKeys } from '../accept/prototype-keys.ts'

/** A transparent GIF of one pixel. */
export const PIXEL: Uint8Array = Uint8Array.from(
  atob('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'),
  (char) => char.charCodeAt(0),
)

/** Header of an image's answer: the code of what was refused, or the reason why its event was quarantined. */
export const PIXEL_ERROR_HEADER = 'X-Millrace-Error'

/** Most levels that a dotted parameter name makes. */
const MAX_LEVELS = 8

/** Most parameters that are read. */
const MAX_PARAMETERS = 200

/**
 * The event that query parameters are. A dotted name (`properties.price`, `context.page.url`) is a path; every value is
 * text. `writeKey` is not part of the event.
 */
export function eventOfQuery(query: URLSearchParams, type: string): Record<string, unknown> {
  const event: Record<string, unknown> = Object.create(null)
  let count = 0
  for (const [name, value] of query) {
    if (name === 'writeKey' || name === 'type' || ++count > MAX_PARAMETERS) continue
    setPath(event, name.split('.', MAX_LEVELS), value)
  }
  dropPrototypeKeys(event)
  return { ...event, type }
}

/** An event and its JSON text as it arrived. */
export interface DataEvent {
  event: Record<string, unknown>
  text: string
}

/**
 * The event in Segment's `data` parameter: JSON, base64 or base64url. `undefined` when it is neither. A plus sign that was
 * not escaped arrives as a space.
 */
export function eventOfData(data: string): DataEvent | undefined {
  try {
    const bytes = Uint8Array.from(atob(data.replace(/[- ]/g, '+').replaceAll('_', '/')), (char) =>
      char.charCodeAt(0),
    )
    const text = new TextDecoder().decode(bytes)
    const value: unknown = JSON.parse(text)
    dropPrototypeKeys(value)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? { event: value as Record<string, unknown>, text } : undefined
  } catch {
    // Not base64 or not JSON: there is no event in it.
    return undefined
  }
}

/** A step through something that is no object replaces it: the later parameter wins, as with repeated names. */
function setPath(event: Record<string, unknown>, steps: readonly string[], value: string): void {
  let target = event
  for (const step of steps.slice(0, -1)) {
    const next = target[step]
    if (typeof next === 'object' && next !== null) {
      target = next as Record<string, unknown>
    } else {
      const made: Record<string, unknown> = Object.create(null)
      target[step] = made
      target = made
    }
  }
  const last = steps.at(-1)
  if (last !== undefined) target[last] = value
}
