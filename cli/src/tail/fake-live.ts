/** What stands in for the collector's `/v1/live` in tests. */

import type { TailEvent } from '@millrace/schemas/live'
import type { LiveFetch } from './connection.ts'

/** One connection, as the collector sees it. */
export interface FakeConnection {
  url: URL
  headers: Record<string, string>
  /** Sends a text as it is. */
  send: (text: string) => void
  /** Sends a message; its version is the id. */
  say: (type: 'snapshot' | 'change', version: string, rest: { events?: unknown[]; missed?: number }) => void
  /** Ends the stream in order, or not. */
  end: (error?: Error) => void
  /** Whether whoever reads has closed it. */
  isClosed: () => boolean
}

/** A collector that takes every connection for which nothing else was ordered. */
export interface FakeLive {
  fetch: LiveFetch
  connections: FakeConnection[]
  /** Resolves with a connection by its number, from 0, once it is there. */
  connection: (place: number) => Promise<FakeConnection>
  /** The next connection gets this answer; an error means that nobody is there. */
  order: (answer: { status: number; body?: unknown; headers?: Record<string, string> } | Error) => void
}

/** Starts with no connection. */
export function createFakeLive(): FakeLive {
  const connections: FakeConnection[] = []
  const orders: Parameters<FakeLive['order']>[0][] = []
  const waiting: (() => void)[] = []
  return {
    connections,
    async connection(place) {
      while (connections[place] === undefined) await new Promise<void>((resolve) => waiting.push(resolve))
      return connections[place]
    },
    order: (answer) => void orders.push(answer),
    async fetch(url, { headers, signal }) {
      signal.throwIfAborted()
      const answer = orders.shift()
      if (answer instanceof Error) throw answer
      const { connection, stream } = createConnection(new URL(url), headers, signal)
      connections.push(connection)
      for (const resolve of waiting.splice(0)) resolve()
      if (answer === undefined)
        return new Response(stream, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
      const { status, body, headers: given = {} } = answer
      return new Response(JSON.stringify(body ?? {}), { status, headers: given })
    },
  }
}

function createConnection(url: URL, headers: Record<string, string>, signal: AbortSignal) {
  const encoder = new TextEncoder()
  let controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>
  let isClosed = false
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(started) {
      controller = started
    },
  })
  signal.addEventListener('abort', () => {
    isClosed = true
    controller.error(signal.reason)
  })
  const send = (text: string) => controller.enqueue(encoder.encode(text))
  const connection: FakeConnection = {
    url,
    headers,
    send,
    say: (type, version, rest) =>
      send(`event: ${type}\nid: ${version}\ndata: ${JSON.stringify({ version, now: 1, ...rest })}\n\n`),
    end: (error) => (error === undefined ? controller.close() : controller.error(error)),
    isClosed: () => isClosed,
  }
  return { connection, stream }
}

/** An accepted `page` event of that id, with what a test says of it. */
export function buildTailEvent(messageId: string, rest: Partial<TailEvent> = {}): TailEvent {
  return {
    messageId,
    status: 'accepted',
    type: 'page',
    event: 'page',
    timestamp: 1_763_806_000_000,
    receivedAt: 1_763_806_000_000,
    batchId: `batch of ${messageId}`,
    row: { page_path: `/${messageId}` },
    ...rest,
  }
}
