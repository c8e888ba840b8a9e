// biome-ignore-all lint/suspicious/noThenProperty: the second event of a sequence is called so, and is no function.
/** What the pictures of the dashboard show: monitors of the shop, a window of its own, and a site whose log was imported. */

import { defineConfig, shippedWindows } from '@millrace/schemas/config'

const named = (event: string) => [{ field: 'event', op: 'is', value: event }] as const

export default defineConfig({
  sources: [
    {
      ...{
        name: 'site',
        writeKeys: ['wk_site'],
        secretKeyVar: 'SITE_SECRET_KEY',
        readTokenVar: 'SITE_READ_TOKEN',
      },
      ...{ rateLimits: false, internalHosts: ['semicomplete.com', 'www.semicomplete.com'] },
    },
  ],
  development: {
    measures: [{ name: 'revenue', path: 'properties.revenue', events: ['Order Completed'] }],
  },
  windows: [
    ...shippedWindows,
    {
      ...{ name: 'products', title: 'Which products are looked at?', by: ['properties.category'] },
      ...{ where: named('Product Viewed'), window: { kind: 'tumbling', size: '5m' } },
      measures: { views: { kind: 'count' }, names: { kind: 'top', of: 'properties.name', limit: 3 } },
    },
  ],
  monitors: [
    {
      ...{ name: 'abandoned', title: 'Checkout without an order', kind: 'sequence', key: 'visitor_id' },
      ...{ first: { where: named('Checkout Started') }, then: { where: named('Order Completed') } },
      ...{ within: '5m', absent: true, lookback: '30m', sources: ['dev'] },
    },
    {
      ...{ name: 'refused', title: 'Too many events are refused', kind: 'quarantine_rate' },
      ...{ above: 0.5, min: 20, sources: ['dev'] },
    },
    {
      ...{ name: 'orders', title: 'More orders than checkouts', kind: 'count_rule', sources: ['dev'] },
      ...{ left: { where: named('Order Completed') }, op: '<=', right: { where: named('Checkout Started') } },
    },
  ],
})
