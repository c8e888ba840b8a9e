/** Usage times prices. Pure. */

import type { Price, Prices } from './prices.ts'
import { USAGE_KEYS, type Usage, type UsageKey } from './usage.ts'

/** One line of a bill. */
export interface Item {
  key: UsageKey
  amount: number
  dollars: number
}

/** A bill. */
export interface Bill {
  items: Item[]
  dollars: number
}

/** What a usage costs at the list price, as if nothing were included and nothing rounded. */
export function priceRun(usage: Usage, prices: Prices): Bill {
  return billOf(usage, ({ dollars, per }, amount) => (amount / per) * dollars, prices)
}

/** What a month costs: over what is included, rounded up where the provider does, without the subscription. */
export function priceMonth(usage: Usage, prices: Prices): Bill {
  return billOf(usage, priceOver, prices)
}

function priceOver({ dollars, per, included, roundsUp = false }: Price, amount: number): number {
  const units = Math.max(0, amount - included) / per
  return (roundsUp ? Math.ceil(units) : units) * dollars
}

function billOf(usage: Usage, priceOf: (price: Price, amount: number) => number, prices: Prices): Bill {
  const items = USAGE_KEYS.map((key) => ({
    ...{ key, amount: usage[key], dollars: priceOf(prices[key], usage[key]) },
  }))
  return { items, dollars: items.reduce((sum, item) => sum + item.dollars, 0) }
}
