/** Refused events as lines of text, one a event, each with all it takes to look at it or to send it again. Pure. */

import { type Envelope, encodeJson, type QuarantinedEvent } from '@millrace/schemas'

/**
 * Most UTF-16 units of lines in one object. The context that a batch shares is in every line, so a hostile batch of 120 KB
 * grows to many megabytes; a piece at a time, that fits a Worker.
 */
export const MAX_OBJECT_LENGTH = 1024 * 1024

/**
 * NDJSON texts, in order, each of at least one line and otherwise at most `maxLength`; almost every envelope gives one.
 * The same envelope always gives the same texts. Times are ISO 8601; `raw` is the event's own text, cut when it is shorter
 * than `rawBytes`; `context`, `integrations` and `request` are those of its batch.
 */
export function* buildQuarantineTexts(
  envelope: Envelope,
  maxLength: number = MAX_OBJECT_LENGTH,
): Generator<string> {
  const shared = encodeJson(sharedFields(envelope)).slice(1)
  let text = ''
  for (const event of envelope.quarantined) {
    const line = `${encodeJson(ownFields(event)).slice(0, -1)},${shared}\n`
    if (text !== '' && text.length + line.length > maxLength) {
      yield text
      text = ''
    }
    text += line
  }
  if (text !== '') yield text
}

function ownFields({ messageId, reason, path, message, index, seq, ...rest }: QuarantinedEvent) {
  const { type, event, violations, planVersion, anonymousId, clientAnonymousId, raw, rawBytes } = rest
  const identity = { anonymousId, clientAnonymousId }
  const refusal = { messageId, reason, path, message, type, event, violations, planVersion }
  return { ...refusal, ...identity, seq, index, raw, rawBytes }
}

function sharedFields(envelope: Envelope) {
  const { source, route, receivedAt, sentAt, batchId, stream, previous } = envelope
  const { userAgent, request, context, integrations } = envelope
  return {
    source,
    route,
    receivedAt: new Date(receivedAt).toISOString(),
    sentAt: sentAt === undefined ? undefined : new Date(sentAt).toISOString(),
    batchId,
    stream,
    previous,
    userAgent,
    request,
    context,
    integrations,
  }
}
