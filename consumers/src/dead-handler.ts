/** Handler of the queue `dead`: archives what nothing would take to R2 `dead/`, to be looked at and driven again. */

import {
  countLetterEvents,
  deadLetterKey,
  describeEvents,
  type Envelope,
  kindOfLetter,
  type LetterMetadata,
  openDeadLetter,
} from '@millrace/schemas'
import { decideDelaySeconds } from './delivery.ts'
import { bodyText, type HandlerEffects, type QueueMessage, SEND_TIMEOUT_MS } from './queue.ts'
import { withTimeout } from './timeout.ts'

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
 * with the same. The object's text is the message as it was; why it died and whose it is are its metadata.
 */
export function createDeadHandler({
  bucket,
  random,
  log,
  sendTimeoutMs = SEND_TIMEOUT_MS,
}: DeadHandlerDeps): (messages: readonly QueueMessage[]) => Promise<void> {
  return async (messages) => {
    await Promise.all(
      messages.map(async (message) => {
        const key = deadLetterKey(message.timestamp, message.id)
        const text = bodyText(message.body)
        const customMetadata = { ...describeLetter(text, message.id) }
        try {
          await withTimeout(bucket.put(key, text, { customMetadata }), sendTimeoutMs)
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

/** Read here, once, so that listing a thousand letters reads none of them. */
function describeLetter(text: string, id: string): LetterMetadata {
  const opened = openDeadLetter(text)
  const { wrapper, decoded } = opened
  const kind = kindOfLetter(opened)
  const count = countLetterEvents(opened)
  return {
    messageId: wrapper?.messageId ?? id,
    sink: wrapper?.sink ?? '',
    error: toAscii(wrapper?.error ?? 'out of tries'),
    ...(kind === undefined ? {} : { kind }),
    ...(decoded.ok ? describeEnvelope(decoded.envelope) : {}),
    ...(count === undefined ? {} : { events: String(count) }),
  }
}

function describeEnvelope({ source, receivedAt, receipt, events }: Envelope) {
  const takenAt = receipt?.at ?? receivedAt
  return describeEvents({ source: toAscii(source), accepted: events.length, takenAt })
}

/** R2's metadata travels as HTTP headers, which hold printable ASCII. */
function toAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}
