/** Enters requests in the books of their source: those that are taken, those that fail half-way, those that are refused. */

import { type EnvelopeReceipt, MAX_BATCH_EVENTS, type ReceiptCounts } from '@millrace/schemas'
import type { Context } from 'hono'
import { logRefused } from '../log-outcomes.ts'
import type { Batch, ReceiveDeps } from '../receive.ts'
import type { RequestRefusal } from '../refuse.ts'
import type { OpenReceipt } from './books.ts'

/** The receipt of a batch, which is then among those that are open. */
export function openReceipt(
  { books }: Pick<ReceiveDeps, 'books'>,
  source: string,
  counts: ReceiptCounts,
  open: OpenReceipt[],
): EnvelopeReceipt | undefined {
  const opened = books?.open(source, counts)
  if (opened === undefined) return undefined
  open.push(opened)
  return opened.receipt
}

/** What `work` gives; when it throws, what was opened by then is settled as not stored: a number that stays open hides those after it. */
export async function settleFailure<T>(open: readonly OpenReceipt[], work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    for (const { settle } of open) settle(false)
    throw error
  }
}

/**
 * Enters a refused request in the books of its source, where that is known, and gives the refusal back.
 *
 * @param batch its events, where they could be read
 */
export function noteRefusal(
  c: Context,
  { books, findSender, outcomes }: Pick<ReceiveDeps, 'books' | 'findSender' | 'outcomes'>,
  refused: RequestRefusal,
  batch?: Batch,
): RequestRefusal {
  const source = refused.source ?? findSender?.(c.req.raw)
  const events = Array.isArray(batch?.events) ? batch.events.length : 0
  // A small body can have any number of elements; more than a batch may have would drown what is real.
  if (source !== undefined) books?.refuse(source, refused.code, Math.min(events, MAX_BATCH_EVENTS))
  if (outcomes !== undefined)
    logRefused(outcomes, refused, { source, batchId: batch?.body['batchId'], events })
  return refused
}
