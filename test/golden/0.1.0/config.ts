/** The configuration that made the golden files of 0.1.0. A later release takes it as it is. */

import { defineConfig, definePlan, shippedWindows } from '@millrace/schemas/config'
import { z } from 'zod'

const plan = definePlan({
  mode: 'enforce',
  events: {
    'Order Completed': {
      version: '1-0-0',
      owner: 'shop',
      description: 'An order was placed.',
      properties: z.object({ order_id: z.string().min(1), revenue: z.number().min(0), currency: z.string() }),
    },
    'Product Viewed': {
      version: '1-0-0',
      owner: 'shop',
      description: 'A person saw the page of a product.',
      properties: z.object({ product_id: z.string().min(1) }),
    },
  },
})

export default defineConfig({
  sources: [
    {
      name: 'shop',
      writeKeys: ['wk_shop'],
      secretKeyVar: 'SHOP_SECRET_KEY',
      readTokenVar: 'SHOP_READ_TOKEN',
      rateLimits: false,
      ip: 'keep',
      plan,
      bots: 'filter',
      consent: { required: ['analytics'], whenDenied: 'filter', whenUnknown: 'store' },
      measures: [{ name: 'revenue', path: 'properties.revenue', events: ['Order Completed'] }],
      lookups: [{ table: 'products', on: 'properties.product_id', events: ['Product Viewed'] }],
    },
    { name: 'blog', writeKeys: ['wk_blog'], rateLimits: false, identity: { kind: 'cookieless' } },
  ],
  windows: [
    ...shippedWindows,
    {
      name: 'bursts',
      where: [{ field: 'event', op: 'is', value: 'Burst' }],
      window: { kind: 'tumbling', size: '1m' },
      measures: { count: { kind: 'count' } },
    },
    {
      name: 'visits',
      by: ['visitor_id'],
      window: { kind: 'session', gap: '30m' },
      measures: { events: { kind: 'count' } },
    },
  ],
  monitors: [
    {
      name: 'many_bursts',
      kind: 'threshold',
      window: 'bursts',
      measure: 'count',
      above: 2,
      sources: ['shop'],
    },
    {
      ...{ name: 'no_refunds', kind: 'count_rule', window: '5m', sources: ['shop'] },
      left: { where: [{ field: 'event', op: 'is', value: 'Refunded' }] },
      op: '<=',
      right: { where: [{ field: 'event', op: 'is', value: 'Order Completed' }] },
    },
  ],
})
