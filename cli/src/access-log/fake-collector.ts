/** A collector for the tests that answers as the wire says, or as a test wants, and keeps what it took. */

import { gunzipSync } from 'node:zlib'
import type { FetchLike } from '@millrace/node'

/** An event as it arrived. */
export type StoredEvent = Record<string, unknown> & { type: string; messageId: string }

/** What the collector says to a batch. */
export interface FakeAnswer {
  status: number
  body: unknown
}

/** A `fetch` that takes everything unless `answer` has another answer for the nth request, from 1. */
export function createFakeCollector(
  answer: (request: number, events: StoredEvent[]) => FakeAnswer | Error | undefined = () => undefined,
) {
  const events: StoredEvent[] = []
  const urls = new Set<string>()
  const sources = new Set<string | undefined>()
  let requests = 0
  const fetch: FetchLike = async (url, { body }) => {
    urls.add(url)
    requests += 1
    const text = typeof body === 'string' ? body : gunzipSync(body).toString('utf8')
    const { batch, source } = JSON.parse(text) as { batch: StoredEvent[]; source?: string }
    sources.add(source)
    const found = answer(requests, batch) ?? { status: 200, body: { success: true } }
    if (found instanceof Error) throw found
    if (found.status === 200) events.push(...batch)
    return new Response(JSON.stringify(found.body), { status: found.status })
  }
  return { fetch, events, urls, sources, requestCount: () => requests }
}
