/** The windows that everyone wants, and the page shows. Take them as they are, or beside your own. */

import type { WindowDefinition } from './definition.ts'

const PAGE = { field: 'event', op: 'is', value: 'page' } as const
const ORDER = { field: 'event', op: 'is', value: 'Order Completed' } as const
const VISITORS = { kind: 'uniques', of: 'visitor_id' } as const

/**
 * Those of the page, in its order. Names of events are those of Segment's ecommerce specification and of the SDK's own; a source
 * that does not send them has no such windows, which costs nothing.
 */
export const shippedWindows: readonly WindowDefinition[] = [
  {
    name: 'events',
    title: 'What is happening?',
    by: ['event'],
    window: { kind: 'tumbling', size: '10s' },
    measures: { count: { kind: 'count' } },
  },
  {
    name: 'active_visitors',
    title: 'Who is here now?',
    window: { kind: 'sliding', size: '2m', every: '10s' },
    measures: { visitors: VISITORS },
  },
  {
    name: 'top_pages',
    title: 'Which pages are read?',
    where: [PAGE],
    window: { kind: 'tumbling', size: '5m' },
    measures: { pages: { kind: 'top', of: 'page_path', limit: 20 }, visitors: VISITORS },
  },
  {
    name: 'top_referrers',
    title: 'Where do visitors come from?',
    where: [PAGE, { field: 'referrer_class', op: 'is_not', value: 'internal' }],
    window: { kind: 'tumbling', size: '5m' },
    measures: {
      referrers: { kind: 'top', of: 'referrer_name', limit: 20 },
      classes: { kind: 'top', of: 'referrer_class', limit: 10 },
    },
  },
  {
    name: 'orders',
    title: 'What is sold?',
    where: [ORDER],
    by: ['properties.currency'],
    window: { kind: 'tumbling', size: '1m' },
    measures: { orders: { kind: 'count' }, revenue: { kind: 'sum', of: 'properties.revenue' } },
  },
  {
    name: 'revenue',
    title: 'Of which categories?',
    where: [ORDER],
    each: 'properties.products',
    by: ['item.category', 'properties.currency'],
    window: { kind: 'tumbling', size: '1m' },
    measures: {
      orders: { kind: 'count' },
      revenue: { kind: 'sum', of: 'item.price', times: 'item.quantity' },
    },
  },
  {
    name: 'vitals',
    title: 'How fast is the site?',
    where: [{ field: 'event', op: 'is', value: 'Web Vital' }],
    by: ['properties.name'],
    window: { kind: 'sliding', size: '15m', every: '1m' },
    measures: { value: { kind: 'quantiles', of: 'properties.value', quantiles: [0.5, 0.75, 0.95, 0.99] } },
    maxGroups: 20,
  },
  {
    name: 'funnel',
    title: 'Where do visitors leave?',
    where: [
      {
        field: 'event',
        op: 'in',
        value: ['page', 'Product Viewed', 'Product Added', 'Checkout Started', 'Order Completed'],
      },
    ],
    by: ['event'],
    window: { kind: 'sliding', size: '30m', every: '1m' },
    measures: { visitors: VISITORS },
  },
  {
    name: 'countries',
    title: 'Which countries?',
    where: [PAGE],
    by: ['country'],
    window: { kind: 'sliding', size: '30m', every: '1m' },
    measures: { visitors: VISITORS, views: { kind: 'count' } },
    maxGroups: 250,
  },
  {
    name: 'devices',
    title: 'Which devices?',
    where: [PAGE],
    by: ['device_type'],
    window: { kind: 'sliding', size: '30m', every: '1m' },
    measures: { visitors: VISITORS, views: { kind: 'count' } },
    maxGroups: 20,
  },
]
