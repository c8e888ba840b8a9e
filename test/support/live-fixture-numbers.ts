/** Numbers of the shop that the live page's fixture has, and how they swell with time: the same moment gives the same. */

/** Events a second by name, as a shop of some size has them. */
export const RATES: Readonly<Record<string, number>> = {
  page: 6.2,
  'Product Viewed': 3.4,
  'Web Vital': 2.6,
  'Product Added': 0.9,
  'Cart Viewed': 0.7,
  'Checkout Started': 0.34,
  'Order Completed': 0.21,
  identify: 0.12,
}

/** Views of pages in a quarter of an hour, by path. */
export const PAGES: Readonly<Record<string, number>> = {
  '/': 640,
  '/p/stoneware-mug': 412,
  '/p/oak-bread-board': 305,
  '/collections/kitchen': 288,
  '/cart': 190,
  '/p/linen-tea-towel': 164,
  '/checkout': 97,
  '/journal/how-a-river-mill-grinds-flour-and-why-it-still-does': 61,
  '/about': 22,
}

/** Views by the name of the referrer that led to them. */
export const REFERRERS = { Google: 212, Instagram: 96, 'news.ycombinator.com': 41, Newsletter: 38, Bing: 17 }
/** The same by its class. */
export const CLASSES = { direct: 402, search: 229, social: 96, referral: 58, email: 38, paid: 21 }
/** Views of which no class is known. */
export const UNKNOWN_VIEWS = 118

/** Visitors by country; of some none is known. */
export const COUNTRIES = {
  ...{ DE: 512, AT: 148, CH: 121, FR: 66, NL: 51, US: 40, GB: 33, PL: 12, '': 9 },
  ...{ IT: 8, ES: 7, SE: 5, JP: 4, BR: 3 },
}
/** Visitors by device. */
export const DEVICES = { mobile: 604, desktop: 341, tablet: 44, '': 3 }

/** Visitors who came so far, by event. */
export const FUNNEL = {
  page: 992,
  'Product Viewed': 571,
  'Product Added': 188,
  'Checkout Started': 96,
  'Order Completed': 61,
}

/** Category, currency and price of what is sold. */
export const SALES: readonly [string, string, number][] = [
  ['Kitchen', 'EUR', 24],
  ['Table', 'EUR', 39],
  ['Textiles', 'EUR', 16],
  ['Kitchen', 'CHF', 27],
]

/** Orders a minute and what one brings: some have products of two categories, and each has shipping. */
export const ORDERS: Readonly<Record<string, readonly [number, number]>> = { EUR: [9, 39.9], CHF: [4, 40.1] }

/** Quantiles by the name of the metric. */
export const QUANTILES = { p50: '0.5', p75: '0.75', p95: '0.95', p99: '0.99' }

/** Measurements in a quarter of an hour, and their quantiles. */
export const VITALS: Readonly<Record<string, readonly [number, number, number, number, number]>> = {
  LCP: [466, 1_840, 2_620, 3_120, 5_260],
  INP: [22, 96, 148, 236, 610],
  CLS: [452, 0.03, 0.062, 0.118, 0.27],
  FCP: [466, 1_120, 1_540, 2_060, 3_480],
  TTFB: [466, 310, 460, 720, 1_240],
}

/** Sign-ups by plan. */
export const PLANS = { free: 31, pro: 12, team: 5, '': 2 }

/** Around 1: a slow swell, and a little noise. */
export function wave(time: number, name: string): number {
  const phase = hash(name) * 6.28
  return 1 + 0.22 * Math.sin(time / 210_000 + phase) + 0.16 * (hash(`${name}${time}`) - 0.5)
}

/** From 0 to 1, by FNV-1a. */
export function hash(text: string): number {
  let value = 0x811c9dc5
  for (const unit of text) value = Math.imul(value ^ (unit.codePointAt(0) ?? 0), 0x01000193)
  // Names that differ in their last letter alone are spread, too.
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d)
  return ((value ^ (value >>> 12)) >>> 8) / 2 ** 24
}
