/** Events as the oracle sees them: plain objects, each once. */

import type { Envelope, EnvelopeEvent } from '@millrace/schemas'

/** One event, with what the tables are computed from. */
export interface OracleEvent {
  source: string
  id: string
  type: string
  event: string
  /** Milliseconds since 1970, corrected. */
  at: number
  stream: string
  seq: number
  userId: string
  anonymousId: string
  previousId: string
  sessionId: string
  sessionIndex: number
  view: string
  campaign: readonly string[]
  country: string
  visibleMs: number
  revenue: number | undefined
}

/** Each event once: of several copies the one that was received first. */
export function distinctEvents(envelopes: readonly Envelope[]): OracleEvent[] {
  const first = new Map<string, { receivedAt: number; event: OracleEvent }>()
  for (const envelope of envelopes) {
    for (const event of envelope.events) {
      const key = `${envelope.source} ${event.messageId}`
      const known = first.get(key)
      if (known !== undefined && known.receivedAt <= envelope.receivedAt) continue
      first.set(key, { receivedAt: envelope.receivedAt, event: read(envelope, event) })
    }
  }
  return [...first.values()].map(({ event }) => event)
}

function read({ source, stream = '' }: Envelope, event: EnvelopeEvent): OracleEvent {
  const { context = {}, properties = {}, facts = {} } = event
  const session = (context['session'] ?? {}) as { id?: string; index?: number }
  const { campaign = {} } = facts
  const revenue = Number(properties['revenue'] ?? Number.NaN)
  return {
    source,
    id: event.messageId,
    type: event.type,
    event: event.event ?? event.type,
    at: event.timestamp,
    stream,
    seq: event.seq ?? 0,
    userId: known(event.userId),
    anonymousId: known(event.anonymousId),
    previousId: known(event.previousId),
    sessionId: session.id ?? '',
    sessionIndex: session.index ?? 0,
    view: event.type === 'screen' ? (event.name ?? '') : String(properties['path'] ?? ''),
    campaign: [campaign.source, campaign.medium, campaign.name, campaign.clickIdType, campaign.clickId].map(
      (part) => part ?? '',
    ),
    country: String((context['location'] as { country?: string } | undefined)?.country ?? ''),
    visibleMs: event.event === 'Page Engaged' ? Number(properties['visibleMs'] ?? 0) : 0,
    revenue: Number.isFinite(revenue) ? revenue : undefined,
  }
}

/** A few of the words for nobody; the tests use no others. */
const PLACEHOLDERS = new Set(['null', 'undefined', 'anonymous', '[object object]', 'guest', '0'])

function known(id: string | undefined): string {
  return id === undefined || PLACEHOLDERS.has(id.trim().toLowerCase()) ? '' : id
}

/** Order of events: by time; those of one millisecond by stream, number and id. */
export function compareEvents(a: OracleEvent, b: OracleEvent): number {
  return a.at - b.at || compareText(a.stream, b.stream) || a.seq - b.seq || compareText(a.id, b.id)
}

function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** Whose browser or device it was: the anonymous id, else the user. */
export function visitorOf({ anonymousId, userId }: OracleEvent): string {
  return anonymousId || userId
}
