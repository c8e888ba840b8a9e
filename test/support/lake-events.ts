/** Envelopes as the queue brings them: duplicated, late, in any company, of clients with clocks and without. */

import type { Envelope, EnvelopeEvent } from '@millrace/schemas'
import { buildEnvelope } from './envelope.ts'

/** Options of {@link createDeliveries}. */
export interface DeliveriesOptions {
  /** Different events. */
  events: number
  seed: number
  source?: string
  /** Default 2026-11-20, midnight. */
  startMs?: number
  /** Hours in which they are received. Default 4. */
  spanHours?: number
  /** How late a third of them come, at most. Default 48. */
  lateHours?: number
  /** Envelopes of one queue batch. Default 20. */
  batchEnvelopes?: number
}

/** Events of one envelope. */
const ENVELOPE_EVENTS = 10

const HOUR_MS = 3_600_000

/** Queue batches in the order of arrival, and the ids that are in them. The same options always give the same. */
export function createDeliveries({
  events,
  seed,
  source = 'shop',
  startMs = Date.UTC(2026, 10, 20),
  spanHours = 4,
  lateHours = 48,
  batchEnvelopes = 20,
}: DeliveriesOptions): { batches: Envelope[][]; ids: Set<string> } {
  const random = createRandom(seed)
  const ids = new Set<string>()
  const envelopes = Array.from({ length: Math.ceil(events / ENVELOPE_EVENTS) }, (_, index) => {
    const count = Math.min(ENVELOPE_EVENTS, events - index * ENVELOPE_EVENTS)
    const envelope = createEnvelope({ source, index, count, startMs, spanHours, lateHours, random })
    for (const { messageId } of envelope.events) ids.add(messageId)
    return envelope
  })
  const copies = envelopes.flatMap((envelope) => {
    const again = random()
    if (again < 0.2) return [envelope, envelope]
    // Sent again by the client: received later, cut anew, in the next hour for some.
    if (again < 0.4) return [envelope, resend(envelope, Math.floor(random() * 2 * HOUR_MS), random)]
    return [envelope]
  })
  const ordered = copies
    .map((envelope) => ({
      envelope,
      at: envelope.receivedAt + random() * (random() < 0.1 ? 40 : 1) * 60_000,
    }))
    .sort((a, b) => a.at - b.at)
    .map(({ envelope }) => envelope)
  const batches: Envelope[][] = []
  for (let at = 0; at < ordered.length; at += batchEnvelopes)
    batches.push(ordered.slice(at, at + batchEnvelopes))
  return { batches, ids }
}

interface EnvelopeOptions {
  source: string
  index: number
  count: number
  startMs: number
  spanHours: number
  lateHours: number
  random: () => number
}

function createEnvelope({
  source,
  index,
  count,
  startMs,
  spanHours,
  lateHours,
  random,
}: EnvelopeOptions): Envelope {
  const stream = `s${index.toString(36).padStart(6, '0')}${Math.floor(random() * 1e9).toString(36)}`
  const receivedAt = startMs + Math.floor(random() * spanHours * HOUR_MS)
  const lateMs = random() < 0.33 ? Math.floor(random() * lateHours * HOUR_MS) : 0
  const hasClock = random() < 0.7
  return buildEnvelope({
    source,
    receivedAt,
    sentAt: receivedAt - 200,
    batchId: `${stream}-1`,
    stream,
    context: { locale: 'de-DE', page: { path: `/p/${index % 50}` } },
    events: Array.from({ length: count }, (_, place): EnvelopeEvent => {
      const timestamp = receivedAt - lateMs - place * 500
      return {
        messageId: `${stream}-${place + 1}`,
        type: 'track',
        event: place % 3 === 0 ? 'Product Viewed' : 'Product Added',
        seq: place + 1,
        timestamp: hasClock ? timestamp : receivedAt,
        ...(hasClock ? { originalTimestamp: timestamp - 150 } : {}),
        anonymousId: `anonymous-${index % 40}`,
        properties: { price: index / 100, name: `Schuh ${index % 7} ü` },
      }
    }),
  })
}

/** The same events received again: the corrected time of those with a clock differs a little, as the network's did. */
function resend(envelope: Envelope, laterMs: number, random: () => number): Envelope {
  const receivedAt = envelope.receivedAt + laterMs
  const drift = Math.floor(random() * 100)
  const keep = envelope.events.filter(() => random() < 0.8)
  return {
    ...envelope,
    receivedAt,
    batchId: `${envelope.batchId}-again`,
    events: keep.map((event) => ({
      ...event,
      timestamp: event.originalTimestamp === undefined ? receivedAt : event.timestamp + drift,
    })),
  }
}

/** Mulberry32. Source: Tommy Ettinger, public domain. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
