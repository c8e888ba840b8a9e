/** What an answer says about each event of a batch. Pure. */

import type { Receipt } from '@millrace/schemas/wire'
import type { EventOutcome, EventReceipt, EventStatus } from './news.ts'
import type { Batch } from './outbox.ts'

/** How each event of an acknowledged batch ended: delivered, unless a receipt says otherwise. The last receipt wins. */
export function statusesOf({ events }: Batch, receipts: readonly Receipt[]): EventStatus[] {
  const statuses = Array<EventStatus>(events.length).fill('delivered')
  for (const { index, status } of receipts) {
    const isKnown = status === 'quarantined' || status === 'filtered' || status === 'duplicate'
    if (isKnown && index in statuses) statuses[index] = status
  }
  return statuses
}

/** A receipt with the id of its event; nothing for one that names no event of the batch. */
export function receiptOf(
  batch: Batch,
  { index, status, reason, message, path }: Receipt,
): EventReceipt | undefined {
  if (batch.events[index] === undefined) return undefined
  return {
    messageId: messageIdOf(batch, index),
    status,
    reason,
    message,
    ...(path !== undefined && { path }),
  }
}

/** How the event at `index` ended, for the function that was passed with it. */
export function outcomeOf(
  batch: Batch,
  index: number,
  status: EventStatus,
  receipts: readonly Receipt[],
): EventOutcome {
  const receipt = receipts.findLast((each) => each.index === index)
  const { reason, path, message } = receipt ?? {}
  return {
    messageId: messageIdOf(batch, index),
    status,
    ...(reason !== undefined && { reason }),
    ...(path !== undefined && { path }),
    ...(message !== undefined && { message }),
  }
}

/** The event's own `messageId`, or the one that the collector makes of its place in the stream. */
function messageIdOf({ stream, firstSeq, events }: Batch, index: number): string {
  const { messageId } = JSON.parse(events[index] as string) as { messageId?: string }
  return messageId ?? `${stream}-${firstSeq + index}`
}
