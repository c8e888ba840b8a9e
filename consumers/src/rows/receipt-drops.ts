/** What clients say they dropped, as columns of `receipts`. Anybody may say it, so only reasons that are known are kept. */

import { DROP_REASONS, type Envelope, type JsonValue, type QuarantinedEvent } from '@millrace/schemas'
import { asObject, asUInt32, type Row } from './column-values.ts'

/** What every reason is called that our SDKs do not have. */
const OTHER = 'other'

/** Most that a `UInt32` holds. */
const MAX_COUNT = 2 ** 32 - 1

const KNOWN: ReadonlySet<string> = new Set(DROP_REASONS)

/** Each drop with the id of the event that says it, because that event may come twice; of an event each reason once. */
export function dropColumns({ events, quarantined }: Envelope): Row {
  const drops = [
    ...events.map(({ messageId, context }) => ({ messageId, dropped: context?.['dropped'] })),
    ...quarantined.map((event) => ({ messageId: event.messageId, dropped: droppedOf(event) })),
  ].flatMap(({ messageId, dropped }) =>
    [...countReasons(dropped)].map(([reason, count]) => ({ messageId, reason, count })),
  )
  return {
    drop_ids: drops.map(({ messageId }) => messageId),
    drop_reasons: drops.map(({ reason }) => reason),
    drop_counts: drops.map(({ count }) => count),
  }
}

function countReasons(dropped: JsonValue | undefined): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [reason, value] of Object.entries(asObject(dropped))) {
    const count = asUInt32(value)
    if (count === undefined || count === 0) continue
    const name = KNOWN.has(reason) ? reason : OTHER
    counts.set(name, Math.min(MAX_COUNT, (counts.get(name) ?? 0) + count))
  }
  return counts
}

/** The text of a refused event may be cut off, and then says nothing. */
function droppedOf({ raw }: QuarantinedEvent): JsonValue | undefined {
  if (!raw.includes('"dropped"')) return undefined
  try {
    return asObject(asObject(JSON.parse(raw))['context'])['dropped']
  } catch {
    // Cut off, or no JSON at all: that is why it was refused.
    return undefined
  }
}
