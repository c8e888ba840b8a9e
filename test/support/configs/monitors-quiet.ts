/** A shop that is told when nothing came for two minutes. */

import { defineConfig } from '@millrace/schemas/config'

export default defineConfig({
  sources: [{ name: 'shop', writeKeys: ['wk_shop'], readTokenVar: 'SHOP_READ_TOKEN' }],
  windows: [
    {
      name: 'arrivals',
      window: { kind: 'tumbling', size: '10s' },
      measures: { count: { kind: 'count' } },
    },
  ],
  webhooks: [{ name: 'ops', urlVar: 'OPS_URL', secretVar: 'OPS_SECRET' }],
  monitors: [
    {
      ...{ name: 'nobody', kind: 'threshold', window: 'arrivals', measure: 'count' },
      ...{ below: 1, forWindows: 12 },
    },
  ],
})
