import { defineConfig, shippedWindows } from 'millrace/config'

export default defineConfig({
  sources: [{ name: 'shop', writeKeys: ['wk_shop'], readTokenVar: 'SHOP_READ_TOKEN' }],

  windows: [
    // Those of the dashboard stay.
    ...shippedWindows,
    {
      name: 'failed_payments',
      title: 'Which payments fail?',
      where: [{ field: 'event', op: 'is', value: 'Payment Failed' }],
      by: ['properties.provider'],
      window: { kind: 'sliding', size: '1m', every: '10s' },
      measures: {
        payments: { kind: 'count' },
        visitors: { kind: 'uniques', of: 'visitor_id' },
        value: { kind: 'sum', of: 'properties.value' },
      },
    },
  ],

  monitors: [
    {
      name: 'payments_fail',
      title: 'Payments fail',
      kind: 'threshold',
      window: 'failed_payments',
      measure: 'payments',
      // For each provider by itself.
      above: 3,
    },
  ],

  webhooks: [{ name: 'ops', urlVar: 'OPS_WEBHOOK_URL', secretVar: 'OPS_WEBHOOK_SECRET' }],
})
