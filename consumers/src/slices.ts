/** Cuts a queue batch into slices that fit the Worker's memory when decoded. */

import { bodyText, type QueueMessage } from './queue.ts'

/**
 * Most UTF-16 units of message text that are decoded at once. A batch may hold 100 messages of 128 KB; decoded, made
 * rows and made a request body, text takes about eight times its length, and a Worker has 128 MB.
 */
export const MAX_SLICE_LENGTH = 4 * 1024 * 1024

/** Slices in order, each of at least one message and otherwise at most `maxLength`. Most batches are one slice. */
export function sliceByLength(
  messages: readonly QueueMessage[],
  maxLength: number = MAX_SLICE_LENGTH,
): QueueMessage[][] {
  const slices: QueueMessage[][] = []
  let length = 0
  for (const message of messages) {
    const size = bodyText(message.body).length
    const last = slices.at(-1)
    if (last === undefined || length + size > maxLength) {
      slices.push([message])
      length = size
    } else {
      last.push(message)
      length += size
    }
  }
  return slices
}
