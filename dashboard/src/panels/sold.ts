/** "What is sold?": orders and revenue by category and currency. Amounts of different currencies are never added up. */

import { h } from '../dom.ts'
import { createFigures } from '../figures.ts'
import { formatCount, formatMoney } from '../format.ts'
import { createPanel, type Panel, type Shown } from '../panel.ts'
import { type Answer, asNumber } from '../query.ts'
import { askFor, type Range } from '../range.ts'
import type { LiveState } from '../state.ts'
import { createTable } from '../table.ts'
import { recentWindows, sumGroups } from '../windows.ts'
import { sinceFirst, storedBasis } from './bases.ts'

const SUM_MS = 15 * 60_000
const MAX_ROWS = 8

/** What was sold of one category in one currency. */
export interface SoldRow {
  category: string
  currency: string
  orders: number
  revenue: number
}

/** What is shown. */
export interface Sold {
  /** By revenue within a currency. */
  rows: SoldRow[]
  /** By currency. */
  sums: { currency: string; revenue: number }[]
}

/** Of the live windows. */
export function readSold(state: LiveState, now: number): Shown<Sold> {
  const windows = recentWindows(state, 'revenue', SUM_MS, now)
  const rows = sumGroups(windows, ['orders', 'revenue']).map(({ key, sums }) => ({
    category: key[0] ?? '',
    currency: key[1] ?? '',
    orders: sums[0] ?? 0,
    revenue: sums[1] ?? 0,
  }))
  if (rows.length === 0) return { model: undefined }
  return { basis: sinceFirst(windows), model: sumUp(rows) }
}

/** Of stored events, where products are not taken apart. */
export function readSoldAnswer([revenue, orders]: Answer[], range: Range): Shown<Sold> {
  const counts = new Map((orders?.rows ?? []).map(([currency, count]) => [currency, asNumber(count)]))
  const rows = (revenue?.rows ?? []).map(([currency, sum]) => ({
    category: 'All categories',
    currency: String(currency ?? ''),
    orders: counts.get(currency ?? null) ?? 0,
    revenue: asNumber(sum),
  }))
  return { basis: storedBasis(range), model: rows.length === 0 ? undefined : sumUp(rows) }
}

/** The panel. */
export function createSoldPanel(timeZone: string): Panel {
  const ask = (range: Range, fields: [string, string][]) => ({
    name: 'breakdown' as const,
    fields: [
      ...fields,
      ['event', 'Order Completed'] as const,
      ['by', 'properties.currency'] as const,
      ...(range.kind === 'live' ? [] : askFor(range, timeZone)),
    ],
  })
  return createPanel({
    id: 'sold',
    title: 'What is sold?',
    pastTitle: 'What was sold?',
    width: 4,
    empty: 'No orders in this time.',
    fromLive: readSold,
    questions: (range) => [
      ask(range, [
        ['metric', 'sum'],
        ['of', 'properties.revenue'],
      ]),
      ask(range, [['metric', 'events']]),
    ],
    fromAnswers: readSoldAnswer,
    mount(body) {
      const showSums = createFigures(body, 'figures leads')
      const list = h('div')
      body.append(list)
      const showRows = createTable(list, {
        caption: 'Sales by category',
        columns: ['Category', 'Orders', 'Revenue'],
      })
      return ({ rows, sums }) => {
        showSums(
          sums.slice(0, 3).map(({ currency, revenue }) => ({
            name: currency === '' ? 'no currency' : `revenue in ${currency}`,
            value: formatMoney(revenue, currency),
          })),
        )
        const largest = new Map(sums.map(({ currency }) => [currency, largestOf(rows, currency)]))
        showRows(
          rows.slice(0, MAX_ROWS).map(({ category, currency, orders, revenue }) => ({
            label: category === '' ? '(no category)' : category,
            values: [formatCount(orders), formatMoney(revenue, currency)],
            share: Math.max(0, revenue) / Math.max(1e-9, largest.get(currency) ?? 0),
            isMuted: category === '',
          })),
        )
      }
    },
  })
}

function sumUp(rows: SoldRow[]): Sold {
  const sums = new Map<string, number>()
  for (const { currency, revenue } of rows) sums.set(currency, (sums.get(currency) ?? 0) + revenue)
  const order = [...sums].sort(([, a], [, b]) => b - a).map(([currency]) => currency)
  rows.sort((a, b) => order.indexOf(a.currency) - order.indexOf(b.currency) || b.revenue - a.revenue)
  return { rows, sums: order.map((currency) => ({ currency, revenue: sums.get(currency) ?? 0 })) }
}

function largestOf(rows: readonly SoldRow[], currency: string): number {
  return Math.max(...rows.filter((row) => row.currency === currency).map(({ revenue }) => revenue))
}
