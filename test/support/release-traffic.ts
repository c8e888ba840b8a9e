/** What clients sent to a collector of 0.1.0 while its golden files were made: every type, every fate, several clients. */

import type { ReleaseStack } from './release-stack.ts'
import { readGolden } from './stock-golden.ts'

/** Where the traffic is with its time. */
export interface TrafficClock {
  /** The Worker's time now, milliseconds since 1970. */
  now: () => number
}

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'

/** Characters of the texts with which four events fill a message. */
const FILLING = 31_200

/** A request of a client, and what it was answered. */
export interface GoldenRequest {
  path: string
  headers: Record<string, string>
  body: string
  answer: unknown
}

/** A stack, and who is told of requests. */
export interface Receiver extends ReleaseStack {
  onAnswer?: (request: GoldenRequest) => void
}

/** Sends to a path; throws unless it is taken. */
export async function send(
  { worker, onAnswer = () => {} }: Pick<Receiver, 'worker' | 'onAnswer'>,
  path: string,
  body: object | string,
  given: Record<string, string> = {},
): Promise<unknown> {
  const headers = { 'user-agent': CHROME, 'cf-connecting-ip': '203.0.113.7', ...given }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(worker.url + path, { method: 'POST', headers, body: text })
  const answer = await response.text()
  if (!response.ok) throw new Error(`${path} got ${response.status}: ${answer}`)
  onAnswer({ path, headers, body: text, answer: JSON.parse(answer) })
  return JSON.parse(answer)
}

const iso = (ms: number) => new Date(ms).toISOString()

/** Names of those who send; each is a step of its own, in this order. */
export type Sender = (stack: Receiver, clock: TrafficClock) => Promise<void>

/** A page of our own SDK: all six types, what a batch shares, the end of the page before, fields the wire does not know. */
export const sendPage: Sender = async (stack, { now }) => {
  const at = now()
  const [timestamp, sentAt] = [iso(at - 3_000), iso(at - 200)]
  const session = { id: 'session0001', index: 2, start: iso(at - 60_000), campaign: { utm_source: 'news' } }
  const page = { url: 'https://shop.example/tea?utm_source=news', path: '/tea', title: 'Tea', referrer: '' }
  const own = { timestamp, anonymousId: 'visitor-1' }
  await send(stack, '/v1/batch', {
    ...{ writeKey: 'wk_shop', sentAt, batchId: 'batch-page-1', stream: 'a1b2c3d4e5f60001', firstSeq: 1 },
    previous: { stream: 'a1b2c3d4e5f60000', lastSeq: 7 },
    context: {
      library: { name: '@millrace/web', version: '0.1.0' },
      locale: 'de-DE',
      timezone: 'Europe/Berlin',
      page,
    },
    integrations: { All: true },
    batch: [
      {
        ...own,
        type: 'page',
        name: 'Tea',
        category: 'Shop',
        properties: { path: '/tea' },
        context: { session },
      },
      {
        ...own,
        type: 'track',
        event: 'Product Viewed',
        properties: { product_id: 'p1' },
        context: { session },
      },
      { ...own, type: 'identify', userId: 'user-1', traits: { plan: 'pro', 'dotted.key': 1 } },
      { ...own, type: 'group', userId: 'user-1', groupId: 'group-1', traits: { seats: 5 } },
      { ...own, type: 'alias', userId: 'user-1', previousId: 'visitor-0' },
      {
        ...own,
        type: 'screen',
        userId: 'user-1',
        name: 'Cart',
        properties: { items: [1, { a: 'ü€😀' }] },
        unknown_field: { kept: true },
      },
    ],
  })
}

/** What is refused, repeated in its batch, of a bot or without consent, beside what is accepted. */
export const sendMixed: Sender = async (stack, { now }) => {
  const at = now()
  const own = { timestamp: iso(at - 1_000), userId: 'user-1' }
  const order = { order_id: 'o1', revenue: 42.5, currency: 'EUR' }
  const refused = {
    ...own,
    type: 'track',
    event: 'Order Completed',
    properties: { order_id: 'o2', revenue: 'many' },
  }
  await send(stack, '/v1/batch', {
    ...{ writeKey: 'wk_shop', sentAt: iso(at), batchId: 'batch-mixed' },
    batch: [
      { ...own, messageId: 'order-1', type: 'track', event: 'Order Completed', properties: order },
      { ...refused, messageId: 'order-2' },
      { ...own, messageId: 'order-1', type: 'track', event: 'Order Completed', properties: order },
      { messageId: 'nobody-1', type: 'track', event: 'Nobody' },
      { ...own, messageId: 'future-1', type: 'track', event: 'Burst', timestamp: iso(at + 400 * 86_400_000) },
      {
        ...own,
        messageId: 'denied-1',
        type: 'track',
        event: 'Burst',
        context: { consent: { categoryPreferences: { analytics: false } } },
      },
      { ...own, messageId: 'typeless-1', type: 'nonsense' },
    ],
  })
}

/** A batch of which every event is left out: its message holds a receipt and ids, and nothing to store. */
export const sendOmitted: Sender = async (stack, { now }) => {
  const batch = [{ messageId: 'bot-1', type: 'page', anonymousId: 'b', timestamp: iso(now()) }]
  const headers = { 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' }
  await send(stack, '/v1/batch', { writeKey: 'wk_shop', batchId: 'batch-bot', batch }, headers)
}

/** The same batch again, later, as a client does that got no answer. */
export const sendAgain: Sender = async (stack, { now }) => {
  const at = now()
  const body = (sentAt: number) => ({
    ...{
      writeKey: 'wk_shop',
      sentAt: iso(sentAt),
      batchId: 'batch-again',
      stream: 'a1b2c3d4e5f60002',
      firstSeq: 1,
    },
    batch: [
      {
        type: 'track',
        event: 'Product Viewed',
        properties: { product_id: 'p2' },
        anonymousId: 'visitor-2',
        timestamp: iso(at - 500),
      },
    ],
  })
  await send(stack, '/v1/batch', body(at))
  await stack.advanceClock(5_000)
  await send(stack, '/v1/batch', body(at + 5_000))
}

/** What Segment's and RudderStack's SDKs sent when they were captured. */
export const sendStock: Sender = async (stack) => {
  for (const folder of ['segment-node', 'rudder-node', 'segment-browser-batching'] as const) {
    const [request] = readGolden(folder).filter(({ method }) => method === 'POST')
    if (request === undefined) throw new Error(`nothing was captured of ${folder}`)
    const body = request.body.replaceAll('"writeKey":"dev"', '"writeKey":"wk_shop"')
    await send(stack, request.path, body, { authorization: `Basic ${btoa('wk_shop:')}` })
  }
}

/** One event without id or number, and history with the secret key. */
export const sendSingles: Sender = async (stack, { now }) => {
  await send(stack, '/v1/t', {
    writeKey: 'wk_shop',
    userId: 'user-2',
    event: 'Single',
    timestamp: iso(now()),
  })
  await send(
    stack,
    '/v1/import',
    {
      batch: [
        {
          messageId: 'import-1',
          type: 'track',
          event: 'Imported',
          userId: 'user-3',
          timestamp: '2024-03-03T09:00:00Z',
        },
      ],
    },
    { authorization: 'Bearer shop-secret' },
  )
}

/** A refused event that is good when it is judged again. */
export const sendReplay: Sender = async (stack, { now }) => {
  const raw = '{"type":"track","event":"Product Viewed","userId":"user-4","properties":{"product_id":"p1"}}'
  const event = {
    raw,
    messageId: 'replayed-1',
    receivedAt: iso(now() - 3_600_000),
    route: 'batch',
    seq: 3,
    stream: 'a1b2c3d4e5f60003',
  }
  await send(stack, '/v1/replay', { events: [event] }, { authorization: 'Bearer shop-secret' })
}

/** A source whose ids are made at the edge, from the salt of the day. */
export const sendCookieless: Sender = async (stack, { now }) => {
  const batch = [{ messageId: 'blog-1', type: 'page', anonymousId: 'own-id', timestamp: iso(now() - 1_000) }]
  await send(stack, '/v1/batch', { writeKey: 'wk_blog', sentAt: iso(now()), batchId: 'batch-blog', batch })
}

/** Four events that fill a message, and a fifth that goes into the next. */
export const sendLargest: Sender = async (stack, { now }) => {
  const event = {
    type: 'track',
    event: 'Large',
    userId: 'user-5',
    timestamp: iso(now()),
    properties: { text: 'x'.repeat(FILLING) },
  }
  const batch = Array.from({ length: 5 }, () => event)
  await send(stack, '/v1/batch', {
    writeKey: 'wk_shop',
    batchId: 'batch-large',
    stream: 'a1b2c3d4e5f60004',
    firstSeq: 1,
    batch,
  })
}

/** So many events of one name. */
export async function sendBursts(
  stack: Receiver,
  { now }: TrafficClock,
  name: string,
  count: number,
  called = 'Burst',
): Promise<void> {
  const event = { type: 'track', event: called, userId: `user-${name}`, timestamp: iso(now()) }
  const batch = Array.from({ length: count }, (_, index) => ({ ...event, messageId: `${name}-${index}` }))
  await send(stack, '/v1/batch', { writeKey: 'wk_shop', sentAt: iso(now()), batchId: `batch-${name}`, batch })
}
