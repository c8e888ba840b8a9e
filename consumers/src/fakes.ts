/** Fakes that the tests of the handlers share: messages that remember what was done to them, queues, sinks. */

import { ENVELOPE_VERSION, type Envelope } from '@millrace/schemas'
import type { OutgoingQueue, QueueMessage } from './queue.ts'
import type { Delivery, Outcome, Sink } from './sink.ts'

/** A message and what became of it: the first `ack` or `retry` wins, as on the platform. */
export interface FakeMessage extends QueueMessage {
  fate: { kind: 'none' } | { kind: 'ack' } | { kind: 'retry'; delaySeconds: number | undefined }
}

/** An envelope of one event. */
export function createEnvelopeFor(messageId: string): Envelope {
  return {
    version: ENVELOPE_VERSION,
    part: 0,
    source: 'shop',
    route: 'batch',
    receivedAt: 1_000,
    batchId: 'b',
    events: [{ messageId, type: 'track', timestamp: 1_000, event: 'x' }],
    quarantined: [],
    omitted: [],
  }
}

/** A message that was delivered `attempts` times. */
export function createMessage(id: string, body: unknown, attempts = 1): FakeMessage {
  const message: FakeMessage = {
    id,
    body,
    attempts,
    timestamp: new Date('2026-11-21T10:00:00Z'),
    fate: { kind: 'none' },
    ack: () => {
      if (message.fate.kind === 'none') message.fate = { kind: 'ack' }
    },
    retry: (options) => {
      if (message.fate.kind === 'none') message.fate = { kind: 'retry', delaySeconds: options?.delaySeconds }
    },
  }
  return message
}

/** A queue that keeps what is sent, or fails with `error`. */
export function createQueue(error?: Error) {
  const sent: { body: string; delaySeconds: number | undefined }[] = []
  const queue: OutgoingQueue = {
    async send(body, { delaySeconds }) {
      if (error !== undefined) throw error
      sent.push({ body, delaySeconds })
    },
  }
  return { ...queue, sent }
}

/** A sink that keeps what it wrote and answers as `decide` says. */
export function createSink(decide: (delivery: Delivery) => Outcome = () => ({ kind: 'written' })) {
  const written: string[] = []
  const sink: Sink = {
    name: 'warehouse',
    async write(deliveries) {
      return deliveries.map((delivery) => {
        const outcome = decide(delivery)
        if (outcome.kind === 'written') written.push(delivery.messageId)
        return outcome
      })
    },
  }
  return { ...sink, written }
}

/** Effects without chance and with a log that can be read. */
export function createEffects() {
  const logged: Record<string, unknown>[] = []
  return { random: () => 1, log: (record: Record<string, unknown>) => void logged.push(record), logged }
}
