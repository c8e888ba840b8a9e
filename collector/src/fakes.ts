/** A collector for tests: no network, a clock that stands, and everything that it makes durable at hand. */

import { decodeEnvelope, type Envelope, type SourceSettings } from '@millrace/schemas'
import { type CollectorDeps, createApp } from './app.ts'
import { createSources } from './sources.ts'

/** The time it always is. */
export const NOW = Date.UTC(2026, 10, 21, 12)

/** The source whose keys are `wk`, `wk-new` and `abcd`, and `sk`, and whose read token is `rt`. */
export const SHOP = { name: 'shop', writeKeys: ['wk', 'wk-new', 'abcd'], secretKey: 'sk', readToken: 'rt' }

/** What a test changes. */
export type FakeOptions = Partial<CollectorDeps> & { settings?: SourceSettings }

/** Options of a request. */
export type PostInit = RequestInit & { path?: string }

/** A collector of the source {@link SHOP}. */
export function createCollector({ settings, ...deps }: FakeOptions = {}) {
  const texts: string[] = []
  const logged: Record<string, unknown>[] = []
  const app = createApp({
    sources: createSources([{ ...SHOP, ...(settings === undefined ? {} : { settings }) }]),
    makeDurable: async (sent) => void texts.push(...sent),
    now: () => NOW,
    log: (record) => void logged.push(record),
    ...deps,
  })
  const post = async (body: BodyInit | object, init: PostInit = {}) => {
    const { path = '/v1/batch', ...rest } = init
    const isRaw = typeof body === 'string' || body instanceof Uint8Array || body instanceof ReadableStream
    const text = isRaw ? (body as BodyInit) : JSON.stringify(body)
    return await app.request(path, { method: 'POST', body: text, ...rest })
  }
  const envelopes = (): Envelope[] =>
    texts.map((text) => {
      const result = decodeEnvelope(text)
      if (!result.ok) throw new Error(result.message)
      return result.envelope
    })
  return { app, post, texts, envelopes, logged }
}
