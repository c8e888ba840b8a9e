/** What comes back over the wire to a server process: which batches were acknowledged or refused for good. */

import type { ClientBooks, ClientEvent } from '../books.ts'

/** A body as the SDK posts it. */
type Body = string | ArrayBuffer

/** Answers of the fetch that the SDK is given. */
type Fetch = (url: string, init: { body: Body } & Record<string, unknown>) => Promise<Response>

/** Listens to a process's requests. */
export interface Ear {
  /** `gzip` for the SDK: the text of each body is remembered, so that nobody has to inflate it. */
  gzip(text: string): Promise<ArrayBuffer>
  fetch: Fetch
}

/** Options of {@link createEar}. */
export interface EarOptions {
  books: ClientBooks
  fetch: Fetch
  compress: (text: string) => ArrayBuffer
  onAcknowledged: (event: ClientEvent) => void
}

/** Creates it. */
export function createEar({ books, fetch, compress, onAcknowledged }: EarOptions): Ear {
  const texts = new WeakMap<ArrayBuffer, string>()
  const settle = (body: Body, { ok, status }: Response) => {
    const isRefused = status >= 400 && status < 500 && ![408, 425, 429].includes(status)
    if (!ok && !isRefused) return
    for (const event of eventsIn(typeof body === 'string' ? body : (texts.get(body) ?? ''), books)) {
      if (ok && event.fate !== 'acknowledged') onAcknowledged(event)
      books.settle(event, ok ? 'acknowledged' : 'dropped', ok ? undefined : 'refused')
    }
  }
  return {
    async gzip(text) {
      const bytes = compress(text)
      texts.set(bytes, text)
      return bytes
    },
    async fetch(url, init) {
      const response = await fetch(url, init)
      settle(init.body, response)
      return response
    },
  }
}

function eventsIn(text: string, books: ClientBooks): ClientEvent[] {
  const { stream, firstSeq, batch } = JSON.parse(text) as {
    stream: string
    firstSeq: number
    batch: unknown[]
  }
  return batch.map((_, index) => {
    const event = books.find(stream, firstSeq + index)
    if (event === undefined) throw new Error(`${stream}-${firstSeq + index} was sent, and nobody made it`)
    return event
  })
}
