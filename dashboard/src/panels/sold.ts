/** "What is sold?": orders and their revenue by currency, and products by category. Amounts of different currencies are never added up. */

import { h, setText } from '../dom.ts'
import { createFigures } from '../figures.ts'
import { countOf, formatCount, formatMoney, MAX_CURRENCY, NOTHING, shorten } from '../format.ts'
import { createPanel, type Panel, type Shown } from '../panel.ts'
import { type Answer, asNumber } from '../query.ts'
import { askFor, type Range } from '../range.ts'
import type { LiveState } from '../state.ts'
import { createTable, type TableRow } from '../table.ts'
import { type GroupSum, recentWindows, sumGroups } from '../windows.ts'
import { sinceFirst, storedBasis } from './bases.ts'

const SUM_MS = 15 * 60_000
const MAX_ROWS = 8
const MAX_CURRENCIES = 3

const LIVE_NOTE =
  'Revenue is what orders say it is. By category it is price × quantity of products, and an order counts in each category that it has products of.'
const STORED_NOTE = 'Revenue is what orders say it is. Categories are counted live.'

/** Orders in one currency, and the sum of what they say is their revenue. */
export interface Revenue {
  currency: string
  orders: number
  revenue: number
}

/** Products sold of one category in one currency; `null` for what is not told apart. */
export interface SoldRow {
  category: string | null
  currency: string | null
  /** Orders that have a product of it; of several categories at most so many. */
  orders: number
  isAtMost?: true
  /** Sum of price × quantity; `null` where it is of several currencies. */
  revenue: number | null
}

/** What is shown. */
export interface Sold {
  /** Largest revenue first. */
  sums: Revenue[]
  /** Orders in currencies that are not told apart. */
  otherOrders: number
  /** By revenue within a currency, the others last; absent of stored events, where products are not taken apart. */
  rows?: SoldRow[]
}

/** Of the live windows: `orders` for what orders say, `revenue` for their products. */
export function readSold(state: LiveState, now: number): Shown<Sold> {
  const windows = recentWindows(state, 'orders', SUM_MS, now)
  const byProduct = recentWindows(state, 'revenue', SUM_MS, now)
  const orders = sumGroups(windows, ['orders', 'revenue'])
  const products = sumGroups(byProduct, ['orders', 'revenue'])
  if (orders.length === 0 && products.length === 0) return { model: undefined }
  const sums = orders.flatMap(({ key, sums: [count = 0, revenue = 0] }) =>
    key === null ? [] : [{ currency: key[0] ?? '', orders: count, revenue }],
  )
  const otherOrders = orders.find(({ key }) => key === null)?.sums[0] ?? 0
  return {
    basis: sinceFirst([...windows, ...byProduct], state.watermark),
    model: { sums: byRevenue(sums), otherOrders, rows: rankRows(products) },
  }
}

/** Of stored events. */
export function readSoldAnswer([revenue, orders]: Answer[], range: Range): Shown<Sold> {
  const counts = new Map((orders?.rows ?? []).map(([currency, count]) => [currency, asNumber(count)]))
  const sums = (revenue?.rows ?? []).map(([currency, sum]) => ({
    currency: String(currency ?? ''),
    orders: counts.get(currency ?? null) ?? 0,
    revenue: asNumber(sum),
  }))
  const model = sums.length === 0 ? undefined : { sums: byRevenue(sums), otherOrders: 0 }
  return { basis: storedBasis(range), model }
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
      const more = h('p', { class: 'hint' })
      const list = h('div')
      const note = h('p', { class: 'hint' })
      body.append(more, list, note)
      const showRows = createTable(list, {
        caption: 'Products sold by category',
        columns: ['Category', 'Orders', 'Price × quantity'],
      })
      return (model) => {
        showSums(
          model.sums.slice(0, MAX_CURRENCIES).map(({ currency, orders, revenue }) => ({
            name: `${currency === '' ? 'revenue without currency' : `revenue in ${shorten(currency, MAX_CURRENCY)}`}, ${countOf(orders, 'order')}`,
            value: formatMoney(revenue, currency),
          })),
        )
        setText(more, tellOtherOrders(model))
        more.hidden = more.textContent === ''
        const { rows } = model
        list.hidden = rows === undefined || rows.length === 0
        if (rows !== undefined) showRows(soldRows(rows))
        setText(note, rows === undefined ? STORED_NOTE : LIVE_NOTE)
      }
    },
  })
}

/** Orders that no figure shows; empty where there are none. */
export function tellOtherOrders({ sums, otherOrders }: Sold): string {
  const left = sums.slice(MAX_CURRENCIES).reduce((all, { orders }) => all + orders, otherOrders)
  return left === 0 ? '' : `And ${countOf(left, 'order')} in other currencies.`
}

/** As rows of a table; bars compare within a currency. */
export function soldRows(rows: readonly SoldRow[]): TableRow[] {
  const largestOf = (currency: string | null) =>
    Math.max(1e-9, ...rows.filter((row) => row.currency === currency).map(({ revenue }) => revenue ?? 0))
  return rows.map(({ category, currency, orders, isAtMost = false, revenue }) => ({
    label: category === null ? 'all others' : category === '' ? '(no category)' : category,
    values: [
      `${isAtMost ? '≤ ' : ''}${formatCount(orders)}`,
      revenue === null || currency === null ? NOTHING : formatMoney(revenue, currency),
    ],
    share: Math.max(0, revenue ?? 0) / largestOf(currency),
    isMuted: category === null || category === '',
  }))
}

function byRevenue(sums: Revenue[]): Revenue[] {
  return sums.sort((a, b) => b.revenue - a.revenue || b.orders - a.orders)
}

/** Rows of categories: those of the currency with most revenue first. What has no row of its own is one row. */
function rankRows(products: readonly GroupSum[]): SoldRow[] {
  const rows: SoldRow[] = []
  const rest: SoldRow[] = []
  const totals = new Map<string | null, number>()
  for (const { key, sums } of products) {
    const [orders = 0, revenue = 0] = sums
    if (key === null) {
      rest.push({ category: null, currency: null, orders, revenue: null })
      continue
    }
    const currency = key[1] ?? ''
    totals.set(currency, (totals.get(currency) ?? 0) + revenue)
    rows.push({ category: key[0] ?? '', currency, orders, revenue })
  }
  const order = [...totals].sort(([, a], [, b]) => b - a).map(([currency]) => currency)
  rows.sort(
    (a, b) => order.indexOf(a.currency) - order.indexOf(b.currency) || (b.revenue ?? 0) - (a.revenue ?? 0),
  )
  rest.unshift(...rows.slice(MAX_ROWS))
  return rest.length === 0 ? rows : [...rows.slice(0, MAX_ROWS), sumRows(rest)]
}

/** One order may have products of several categories, so orders of several are at most their sum. */
function sumRows(rows: readonly SoldRow[]): SoldRow {
  const currency = rows[0]?.currency ?? null
  const isOne = currency !== null && rows.every((row) => row.currency === currency)
  return {
    category: null,
    currency: isOne ? currency : null,
    orders: rows.reduce((sum, { orders }) => sum + orders, 0),
    ...(rows.length > 1 ? { isAtMost: true as const } : {}),
    revenue: isOne ? rows.reduce((sum, { revenue }) => sum + (revenue ?? 0), 0) : null,
  }
}
