/**
 * Entry of `@millrace/web/tiny`: numbered, batched and retried events in under 2 KB, and nothing kept in the browser. An
 * id lasts as long as the page; a source with `identity: cookieless` or `cookie` gives visitors one of its own.
 */

import { BATCH_PATH, MAX_EVENT_BYTES } from '@millrace/schemas/wire'
import { readContext } from './context.ts'
import { mintId } from './ids.ts'
import { decide } from './retry-policy.ts'
import { createTransport, gzip } from './transport.ts'

/** Options of the tiny `createMillrace`; both as in the full one. */
export interface TinyOptions {
  /** Public write key of the source. */
  writeKey: string
  /** Where the collector is: an absolute http(s) URL, or a path on the page's own origin. `/v1/batch` is added to it. */
  endpoint: string
}

/** The tiny client: these calls of the full one, in their plain form. None of them throws. */
export interface TinyMillrace {
  /** Records that something happened. */
  track(event: string, properties?: object): void
  /** Records a page view. */
  page(name?: string, properties?: object): void
  /** Says who the visitor is, on this page; later events carry it. */
  identify(userId: string, traits?: object): void
  /** Sends what waits; resolves when all was answered or a retry has to be waited for. */
  flush(): Promise<void>
  /** Events that were given up: larger than 31 KB, not JSON, over 1,000 waiting, or refused by the collector. */
  readonly dropped: { count: number }
}

/** How long an event waits for company, in milliseconds. */
const FLUSH_INTERVAL_MS = 250

/** Most events that wait. */
const MAX_EVENTS = 1_000

/** Largest batch in bytes: half of what a leaving page may have in flight. */
const MAX_BATCH_BYTES = 32_768

/** A formed batch: the text before `sentAt`, its bytes, and its number of events. */
type TinyBatch = [text: string, bytes: number, count: number]

/**
 * Creates a client that keeps nothing in the browser. On a server, and for visitors who send Global Privacy Control, it
 * does nothing.
 *
 * @example
 * import { createMillrace } from '@millrace/web/tiny'
 *
 * const millrace = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.example.com' })
 * millrace.page()
 *
 * @throws TypeError when an option is no text, or empty
 */
export function createMillrace({ writeKey, endpoint }: TinyOptions): TinyMillrace {
  for (const [name, value] of Object.entries({ writeKey, endpoint })) {
    if (typeof value !== 'string' || !value) {
      throw new TypeError(`${name} must be a non-empty string, got ${JSON.stringify(value)}`)
    }
  }
  const stream = mintId()
  const anonymousId = mintId()
  const dropped = { count: 0 }
  const hasPage =
    typeof document === 'object' && !(navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl
  const transport =
    hasPage &&
    createTransport(
      endpoint.replace(/\/+$/, '') + BATCH_PATH,
      (url, init) => fetch(url, init),
      gzip,
      (url, text) => navigator.sendBeacon(url, text),
      () => 'keepalive' in Request.prototype,
    )
  let userId: string | undefined
  let events: string[] = []
  let batches: TinyBatch[] = []
  const kept = new Set<TinyBatch>()
  let lastSeq = 0
  let failures = 0
  let sending: Promise<void> | undefined
  let isWaiting = false
  let isTimerSet = false

  function record(fields: object): void {
    if (!transport) return
    try {
      const { title, referrer } = document
      const [url = ''] = location.href.split('#')
      const { pathname: path, search } = location
      const page = { path, referrer, search, title, url }
      const timestamp = new Date().toISOString()
      const text = JSON.stringify({ ...fields, anonymousId, userId, timestamp, context: { page } })
      let count = events.length
      for (const batch of batches) count += batch[2]
      if (byteLength(text) > MAX_EVENT_BYTES - 1_024 || count >= MAX_EVENTS) dropped.count++
      else events.push(text)
    } catch {
      dropped.count++ // circular properties, or a part of the browser that the page has replaced
    }
    if (isTimerSet) return
    isTimerSet = true
    setTimeout(
      () => {
        isTimerSet = false
        void send()
      },
      document.visibilityState === 'hidden' ? 0 : FLUSH_INTERVAL_MS,
    )
  }

  /** Forms batches of what was recorded; they never change again. */
  function form(): void {
    while (events.length) {
      const texts: string[] = []
      let bytes = 1_000
      for (const text of events) {
        const size = byteLength(text)
        if (texts.length && bytes + size > MAX_BATCH_BYTES) break
        bytes += size + 1
        texts.push(text)
      }
      events = events.slice(texts.length)
      const firstSeq = lastSeq + 1
      lastSeq += texts.length
      const batchId = `${stream}.${firstSeq}`
      const head = JSON.stringify({ writeKey, stream, firstSeq, batchId, context: readContext() }).slice(
        0,
        -1,
      )
      batches.push([`${head},"batch":[${texts}],"sentAt":"`, bytes, texts.length])
    }
  }

  async function attempt(batch: TinyBatch, isKept: boolean): Promise<void> {
    if (!transport) return
    const [text, bytes, count] = batch
    const answer = await transport.post(`${text + new Date().toISOString()}"}`, bytes, isKept)
    if (!batches.includes(batch) || answer.status < 0) return
    const plan = decide(answer, failures, Math.random(), Date.now())
    if (typeof plan === 'number') {
      failures++
      isWaiting = true
      setTimeout(() => {
        isWaiting = false
        void send()
      }, plan)
      return
    }
    failures = 0
    if (plan !== 'done') dropped.count += count
    batches = batches.filter((other) => other !== batch)
  }

  async function sendAll(): Promise<void> {
    for (let [batch] = batches; batch && !isWaiting; [batch] = batches) await attempt(batch, false)
    sending = undefined
  }

  function send(): Promise<void> {
    form()
    if (batches[0]) sending ??= sendAll()
    return sending ?? Promise.resolve()
  }

  if (hasPage) {
    for (const type of ['visibilitychange', 'pagehide']) {
      addEventListener(type, () => {
        if (type !== 'pagehide' && document.visibilityState !== 'hidden') return
        form()
        for (const batch of batches) {
          // It hides, then it goes: once is enough.
          if (kept.has(batch) || !transport || batch[1] > transport.room()) continue
          kept.add(batch)
          void attempt(batch, true).then(() => kept.delete(batch))
        }
      })
    }
  }

  return {
    track: (event, properties) => record({ type: 'track', event, properties }),
    page: (name, properties) => record({ type: 'page', name, properties }),
    identify(id, traits) {
      userId = `${id}`
      record({ type: 'identify', traits })
    },
    flush: send,
    dropped,
  }
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}
