/** Traffic of a shop as its visitors would make it, in the last minutes: for pictures and demonstrations. */

import { createRandom } from '../../consumers/src/live/ground-truth.ts'
import type { TestStack } from './stack.ts'

/** How much. */
export interface ShopTraffic {
  /** How long ago it begins. */
  minutes: number
  visitors: number
}

const PRODUCTS = [
  { product_id: 'p1', name: 'Blanket', category: 'Home', price: 89 },
  { product_id: 'p2', name: 'Mug', category: 'Kitchen', price: 18 },
  { product_id: 'p3', name: 'Towel', category: 'Home', price: 24.5 },
  { product_id: 'p4', name: 'Lamp', category: 'Light', price: 129 },
  { product_id: 'p5', name: 'Teapot', category: 'Kitchen', price: 64 },
] as const

const COUNTRIES = ['DE', 'DE', 'DE', 'FR', 'FR', 'US', 'US', 'GB', 'NL', 'SE', 'JP', 'BR']

const REFERRERS = [
  '',
  '',
  'https://www.google.com/',
  'https://www.google.com/',
  'https://duckduckgo.com/',
  'https://news.ycombinator.com/',
  'https://www.instagram.com/',
  'https://example.org/reviews',
]

const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
]

/** Sends it, a batch a visitor; resolves when the collector has taken it. */
export async function sendShopTraffic(
  { post }: Pick<TestStack, 'post'>,
  { minutes, visitors }: ShopTraffic,
): Promise<void> {
  const now = Date.now()
  for (let index = 0; index < visitors; index++) {
    const random = createRandom(index + 1)
    const startedAt = now - random() * minutes * 60_000
    const batch = visit(index, startedAt, random).filter(({ timestamp }) => Date.parse(timestamp) <= now)
    const response = await post({ batch, sentAt: new Date(Date.now()).toISOString() })
    if (!response.ok) throw new Error(await response.text())
  }
}

function visit(index: number, startedAt: number, random: () => number) {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  let at = startedAt
  let seq = 0
  const referrer = pick(REFERRERS)
  const shared = {
    anonymousId: `visitor-${index}`,
    context: { userAgent: pick(AGENTS), location: { country: pick(COUNTRIES) }, locale: 'en' },
  }
  const event = (more: object, path: string) => {
    seq += 1
    at += 1_000 + random() * 14_000
    const timestamp = new Date(at).toISOString()
    const page = { path, url: `https://shop.example${path}`, ...(seq === 1 ? { referrer } : {}) }
    return {
      ...{ messageId: `visit${index}x${startedAt}-${seq}`, timestamp, ...shared, ...more },
      context: { ...shared.context, page },
    }
  }
  const view = (path: string) => event({ type: 'page', name: path }, path)
  const track = (name: string, properties: object, path: string) =>
    event({ type: 'track', event: name, properties }, path)
  const events = [view('/'), ...vitals(track, random)]
  for (let views = 0; views < random() * 4; views++) {
    const product = pick(PRODUCTS)
    const path = `/product/${product.name.toLowerCase()}`
    events.push(view(path), track('Product Viewed', { ...product, currency: 'EUR' }, path))
    if (random() < 0.4) {
      events.push(track('Product Added', { ...product, currency: 'EUR', quantity: 1 }, path))
      if (random() < 0.6) events.push(...buy(track, view, product, index, random))
    }
  }
  // Now and then a tag is wrong.
  if (index % 23 === 0)
    events.push(track('Product Added', { name: 'Mug', price: 'eighteen' }, '/product/mug'))
  if (index % 37 === 0) events.push({ ...track('', {}, '/'), event: '' } as ReturnType<typeof track>)
  return events
}

type Track = (name: string, properties: object, path: string) => { timestamp: string; messageId: string }

function vitals(track: Track, random: () => number) {
  const metric = (name: string, value: number, rating: string) =>
    track('Web Vital', { name, value: Math.round(value * 100) / 100, rating, id: name }, '/')
  return [
    metric('LCP', 900 + random() ** 3 * 4_000, 'good'),
    metric('FCP', 500 + random() ** 3 * 2_000, 'good'),
    metric('TTFB', 80 + random() ** 2 * 700, 'good'),
    metric('INP', 40 + random() ** 3 * 400, 'good'),
    metric('CLS', random() ** 4 * 0.4, 'good'),
  ]
}

function buy(
  track: Track,
  view: (path: string) => ReturnType<Track>,
  product: (typeof PRODUCTS)[number],
  index: number,
  random: () => number,
) {
  const order = {
    ...{ value: product.price, revenue: product.price, shipping: 5, currency: 'EUR' },
    products: [{ ...product, currency: 'EUR', quantity: 1 + Math.floor(random() * 2) }],
  }
  const started = [view('/checkout'), track('Checkout Started', order, '/checkout')]
  return random() < 0.7
    ? [...started, track('Order Completed', { ...order, order_id: `o${index}` }, '/thanks')]
    : started
}
