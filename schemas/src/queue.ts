/** How texts are sent to Cloudflare Queues, and how they lie in R2 while a queue does not take them. */

import { byteLength } from './envelope.ts'

/** Most bytes of one `sendBatch`: 256 KB less what the platform adds. Source: Cloudflare Queues limits, November 2026. */
const MAX_SEND_BYTES = 240_000

/** Most messages of one `sendBatch`. Source: as above. */
const MAX_SEND_MESSAGES = 100

/** Limits of {@link cutIntoGroups}. */
export interface GroupLimits {
  maxItems: number
  maxBytes: number
}

/** Groups in order, each of at least one item and otherwise within both limits. */
export function cutIntoGroups<T>(
  items: readonly T[],
  sizeOf: (item: T) => number,
  { maxItems, maxBytes }: GroupLimits,
): T[][] {
  const groups: T[][] = []
  let bytes = 0
  for (const item of items) {
    const size = sizeOf(item)
    const last = groups.at(-1)
    if (last === undefined || last.length === maxItems || bytes + size > maxBytes) {
      groups.push([item])
      bytes = size
    } else {
      last.push(item)
      bytes += size
    }
  }
  return groups
}

/** The messages in order, in groups that one `sendBatch` takes. */
export function groupForSending<T extends { body: string }>(messages: readonly T[]): T[][] {
  const limits = { maxItems: MAX_SEND_MESSAGES, maxBytes: MAX_SEND_BYTES }
  return cutIntoGroups(messages, ({ body }) => byteLength(body), limits)
}

/** What an object that holds envelopes says of them, so that the books need not read it. */
export interface EnvelopesInfo {
  source: string
  /** Accepted events. */
  accepted: number
  /** When they were taken, milliseconds since 1970. */
  takenAt: number
}

/** The same as metadata of R2, which are texts; none where nothing is known. */
export function describeEvents(about: EnvelopesInfo | undefined): Record<string, string> {
  if (about === undefined) return {}
  return { source: about.source, accepted: String(about.accepted), takenAt: String(about.takenAt) }
}

/** Where the spill is. Source: DESIGN section 7. */
export const SPILL_PREFIX = 'spill/'

/** Digits of the time in a key, so that keys sort by it until the year 2286. */
const TIME_DIGITS = 13

/** `spill/<milliseconds, 13 digits>-<hex>`: keys sort by time. */
export function spillKey(receivedAt: number, hex: string): string {
  return `${SPILL_PREFIX}${String(receivedAt).padStart(TIME_DIGITS, '0')}-${hex}`
}

/** The time of a key in milliseconds since 1970; `NaN` for somebody else's. */
export function spilledAt(key: string): number {
  return Number(key.slice(SPILL_PREFIX.length).split('-', 1)[0])
}

/** One object of the texts of envelopes, one a line: JSON text holds no line feed of its own. */
export function joinSpilled(texts: readonly string[]): string {
  return texts.join('\n')
}

/** The texts of an object. */
export function splitSpilled(content: string): string[] {
  return content.split('\n').filter((line) => line !== '')
}
