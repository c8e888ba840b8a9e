/** The events of a burst: one repeated, or a thousand as a shop has them; the same ones in every run. */

import type { PageProperties } from './pages/expose.ts'

/** Name and properties of a call of `track()`. */
export type Call = [name: string, properties: PageProperties]

/** The same event again and again but for its number `i`, as a scroll or a video makes them. */
export function buildRepeatedCalls(run: string, count: number): Call[] {
  return Array.from({ length: count }, (_, i) => [
    'Product Viewed',
    { i, run, product_id: 'p-1042', price: 24.9, currency: 'EUR', name: 'Linen shirt, sand' },
  ])
}

/** Events of seven kinds with different values, in no order, as several visits of a shop would have them. */
export function buildVariedCalls(run: string, count: number): Call[] {
  const random = createRandom(42)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const product = () => {
    const id = Math.floor(random() * 5_000)
    const name = `${pick(COLOURS)} ${pick(MATERIALS)} ${pick(THINGS)}`
    return {
      product_id: `p-${id}`,
      name,
      price: Math.round(random() * 20_000) / 100,
      currency: pick(CURRENCIES),
    }
  }
  const kinds: (() => Call)[] = [
    () => ['Product Viewed', { ...product(), position: Math.floor(random() * 48), list: pick(LISTS) }],
    () => ['Product Added', { ...product(), quantity: 1 + Math.floor(random() * 4), cart_id: hex(random) }],
    () => [
      'Products Searched',
      { query: `${pick(MATERIALS)} ${pick(THINGS)}`, results: Math.floor(random() * 400) },
    ],
    () => [
      'Product List Filtered',
      { list: pick(LISTS), colour: pick(COLOURS), max_price: Math.floor(random() * 300) },
    ],
    () => [
      'Checkout Step Completed',
      { checkout_id: hex(random), step: 1 + Math.floor(random() * 4), shipping: pick(SHIPPING) },
    ],
    () => [
      'Order Completed',
      {
        order_id: hex(random),
        total: Math.round(random() * 90_000) / 100,
        currency: pick(CURRENCIES),
        first: random() < 0.3,
      },
    ],
    () => [
      'Video Progressed',
      { asset: hex(random), seconds: Math.floor(random() * 600), is_muted: random() < 0.5 },
    ],
  ]
  return Array.from({ length: count }, (_, i) => {
    const [name, properties] = pick(kinds)()
    return [name, { i, run, ...properties }]
  })
}

const COLOURS = ['Sand', 'Slate', 'Moss', 'Rust', 'Ink', 'Chalk', 'Plum', 'Amber', 'Teal']
const MATERIALS = ['linen', 'cotton', 'merino', 'corduroy', 'denim', 'silk', 'hemp', 'felt']
const THINGS = ['shirt', 'jacket', 'scarf', 'trousers', 'cap', 'blanket', 'bag', 'apron', 'socks', 'dress']
const LISTS = ['home', 'sale', 'new', 'search', 'related', 'wishlist']
const CURRENCIES = ['EUR', 'EUR', 'EUR', 'CHF', 'GBP', 'SEK', 'USD']
const SHIPPING = ['standard', 'express', 'pick-up point', 'shop']

function hex(random: () => number): string {
  return Math.floor(random() * 2 ** 48)
    .toString(16)
    .padStart(12, '0')
}

/** A linear congruential generator, 0 to 1; constants of Numerical Recipes. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
