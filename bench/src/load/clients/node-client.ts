/** A server: the real `@millrace/node`, as it is built, with all its defaults but where it sends to. */

import { randomUUID } from 'node:crypto'
import { createMillrace } from '@millrace/node'
import type { Client } from './client.ts'
import type { Journal } from './journal.ts'

/** Options of {@link createNodeClient}. */
export interface NodeClientOptions {
  index: number
  endpoint: string
  journal: Journal
  fetch: typeof fetch
  /** Folder of its spool; absent: events are in memory alone. */
  spool?: string
}

/** Servers are in so many kinds. */
const EVENT_NAMES = ['Invoice Paid', 'Order Shipped', 'Mail Sent', 'Job Done', 'Price Changed']

/** Creates one. */
export function createNodeClient({ index, endpoint, journal, fetch, spool }: NodeClientOptions): Client {
  const stream = randomUUID().replaceAll('-', '')
  const millrace = createMillrace({
    writeKey: 'dev',
    endpoint,
    fetch: fetch as never,
    // The client's first id is its stream.
    randomId: () => stream,
    ...(spool === undefined ? {} : { spool }),
    // Its process is ended by the bench, once everything is settled.
    handleSignals: false,
    flushOnExit: false,
  })
  // Without listeners it would speak on the console.
  millrace.on('error', () => {})
  millrace.on('receipt', () => {})
  let lastSeq = 0
  const onEnd = (_error: unknown, { messageId = '', status }: { messageId?: string; status: string }) => {
    if (status === 'not_accepted') return journal.refuse('node', 1)
    const seq = Number(messageId.slice(messageId.lastIndexOf('-') + 1))
    const isGivenUp = status === 'refused' || status === 'undelivered'
    journal.end(isGivenUp ? 'dropped' : 'acked', stream, seq, seq)
    if (status === 'filtered') journal.end('filtered', stream, seq, seq)
  }
  return {
    track() {
      const isAccepted = millrace.track(
        { ...buildEvent(index, lastSeq), event: EVENT_NAMES[lastSeq % 5] ?? '' },
        onEnd,
      )
      if (isAccepted) journal.give(stream, ++lastSeq)
      return 1
    },
    async finish(timeoutMs) {
      await millrace.close({ timeoutMs })
    },
    async waiting() {
      const { pending, spooled } = millrace.stats()
      return pending + spooled
    },
  }
}

function buildEvent(index: number, seq: number) {
  const number = index * 7_919 + seq
  return {
    userId: `user-${number % 20_000}`,
    properties: {
      order_id: `order-${index}-${seq}`,
      total: 20 + (number % 1_000) / 10,
      currency: 'EUR',
      warehouse: `warehouse-${number % 12}`,
      lines: [
        { sku: `SKU-${number % 500}`, quantity: 1 + (number % 3), name: 'Trail shoe' },
        { sku: `SKU-${(number + 7) % 500}`, quantity: 1, name: 'Wool sock' },
      ],
      note: 'Delivered by the evening tour; the customer was told by mail.',
    },
    context: { ip: `192.0.2.${number % 256}` },
  }
}
