/** What has happened in the shop before the docs' commands look at it: visits on a day of the past, by import, and just now. */

import type { TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

/** Events of the day that the docs' dates are about. */
const DAY = '2026-11-21'

type Event = Record<string, unknown>

const page = (path: string) => ({
  path,
  url: `https://shop.example${path}`,
  title: path,
  referrer: 'https://www.google.com/',
})

/** One visitor from page to order, each event a minute after the one before. */
function visit(number: number): Event[] {
  const order = {
    order_id: `o-${number}`,
    revenue: 20 + number,
    price: 120,
    product_id: 'p1',
    category: 'tea',
  }
  const steps: Event[] = [
    { type: 'page', properties: page('/') },
    { type: 'page', properties: page('/pricing') },
    { type: 'page', properties: page('/docs') },
    { type: 'track', event: 'Signed Up', properties: { plan: 'pro', value: 3 } },
    { type: 'identify', traits: { name: 'Ada', plan: 'pro' } },
    { type: 'track', event: 'Product Viewed', properties: order },
    { type: 'track', event: 'Product Added', properties: order },
    {
      type: 'track',
      event: 'Order Completed',
      properties: number % 2 === 0 ? order : { ...order, revenue: 'much' },
    },
  ]
  return steps.map((step, index) => ({
    ...step,
    messageId: `m-${number * 10 + index}`,
    anonymousId: `a-${number}`,
    userId: number === 4 ? '42' : `u-${number}`,
    context: {
      location: { country: 'DE' },
      userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0',
    },
  }))
}

/** Visitor 1 has the event `m-17`, 17 the user id `u-17`, and so on. */
const NUMBERS = [1, 2, 3, 4, 17]

const visits = NUMBERS.map(visit)

/** Sends them for `shop` and `dev`, and waits until they are in ClickHouse, in the lake, and computed. */
export async function seed(stack: TestStack, secretKey: string): Promise<void> {
  const past = visits.flatMap((steps, number) =>
    steps.map((step, index) => ({ ...step, timestamp: `${DAY}T10:${number}${index}:00.000Z` })),
  )
  const now = visits.flat().map((step) => ({ ...step, messageId: `n-${String(step['messageId'])}` }))
  for (const [writeKey, secret] of [
    ['dev', 'dev-secret'],
    ['wk_shop', secretKey],
  ] as const) {
    await send(stack, '/v1/import', { batch: past }, { authorization: `Basic ${btoa(`${secret}:`)}` })
    await send(stack, '/v1/batch', { writeKey, batch: [...now, { type: 'nope' }] })
  }
  const wanted = 4 * visits.flat().length
  const count = () =>
    stack.query<{ n: string }>("SELECT count() AS n FROM events FINAL WHERE source IN ('dev', 'shop')")
  await waitFor(count, ([row]) => Number(row?.n) >= wanted)
  await stack.worker.triggerCron()
  const files = () => stack.worker.listObjects(`events/source=shop/date=${DAY}/`)
  await waitFor(files, (keys) => keys.length > 0)
}

async function send(
  { worker }: TestStack,
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<void> {
  const response = await fetch(`${worker.url}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers,
  })
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
}
