/** Deploys overlap: envelopes as the version before this one wrote them, and as the next one may. */

import { ENVELOPE_VERSION, type Envelope } from '@millrace/schemas'
import type { SimBinding } from './bucket.ts'
import type { SimQueueBinding } from './queue.ts'

/** Which Worker it is. */
export type Version = 'previous' | 'current' | 'next'

/** The text of an envelope as a collector of that version writes it. */
export function writeAs(version: Version, text: string): string {
  if (version === 'current') return text
  const envelope = JSON.parse(text) as Envelope
  if (version === 'next') return JSON.stringify({ ...envelope, version: ENVELOPE_VERSION + 1 })
  // It knew nothing to leave out, so what has such entries is not from it.
  if (envelope.omitted.length > 0) return text
  const { omitted: _, request: __, receipt: ___, ...rest } = envelope as Envelope & { receipt?: unknown }
  const events = envelope.events.map(({ facts, extra: _extra, ...event }) =>
    facts?.ip === undefined ? event : { ...event, context: { ...event.context, ip: facts.ip } },
  )
  return JSON.stringify({ ...rest, version: ENVELOPE_VERSION - 1, events })
}

/** What a consumer of the next version makes of a text: it reads what it wrote as this one reads its own. */
export function readAsNext(body: string): string {
  return body.replace(`"version":${ENVELOPE_VERSION + 1},`, `"version":${ENVELOPE_VERSION},`)
}

/** Bindings of a collector of a version. */
export function bindAs<B extends { queue: SimQueueBinding; bucket: SimBinding }>(
  version: Version,
  bindings: B,
): B {
  if (version === 'current') return bindings
  const { queue, bucket } = bindings
  const rewrite = (text: string) => writeAs(version, text)
  return {
    ...bindings,
    queue: {
      send: (body, options) => queue.send(rewrite(body), options),
      sendBatch: (messages) =>
        queue.sendBatch(messages.map((message) => ({ ...message, body: rewrite(message.body) }))),
    },
    bucket: {
      ...bucket,
      put: (key, value, options) =>
        bucket.put(
          key,
          typeof value === 'string' ? value.split('\n').map(rewrite).join('\n') : value,
          options,
        ),
    },
  }
}
