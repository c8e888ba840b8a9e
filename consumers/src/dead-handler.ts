/** Handler of the queue `dead`: archives what nothing would take to R2 `dead/`, to be looked at and driven again. */

import { decideDelaySeconds } from './delivery.ts'
import { bodyText, type HandlerEffects, type QueueMessage } from './queue.ts'
import { unwrapMessage } from './wrapped-message.ts'

/** What the handler needs of an R2 bucket. */
export interface DeadLetterBucket {
  put: (key: string, value: string, options: { customMetadata: Record<string, string> }) => Promise<unknown>
}

/** What the handler works with. */
export interface DeadHandlerDeps extends HandlerEffects {
  bucket: DeadLetterBucket
}

/**
 * A handler that writes one object a message, under a key made of the message alone, so that a redelivery overwrites it
 * with the same. The object's text is the message as it was; why it died is its metadata.
 */
export function createDeadHandler({
  bucket,
  random,
  log,
}: DeadHandlerDeps): (messages: readonly QueueMessage[]) => Promise<void> {
  return async (messages) => {
    await Promise.all(
      messages.map(async (message) => {
        const key = deadLetterKey(message.timestamp, message.id)
        const wrapper = unwrapMessage(message.body)?.wrapper
        const customMetadata = {
          messageId: wrapper?.messageId ?? message.id,
          sink: wrapper?.sink ?? '',
          error: toAscii(wrapper?.error ?? 'out of tries'),
        }
        try {
          await bucket.put(key, bodyText(message.body), { customMetadata })
          log({ level: 'error', event: 'dead_letter', key, ...customMetadata })
          message.ack()
        } catch (error) {
          log({ level: 'error', event: 'dead_letter_failed', key, error: String(error) })
          message.retry({ delaySeconds: decideDelaySeconds(message.attempts, random()) })
        }
      }),
    )
  }
}

/** `dead/2026-11-21/<message id>.json`: by the day it was sent to the queue, which a redelivery does not change. */
export function deadLetterKey(timestamp: Date, messageId: string): string {
  return `dead/${timestamp.toISOString().slice(0, 10)}/${messageId}.json`
}

/** R2's metadata travels as HTTP headers, which hold printable ASCII. */
function toAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}
