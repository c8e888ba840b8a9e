/** `orders-strict.ts` put right: an order may cost nothing, and a gift is an event. */

import { defineConfig, definePlan } from '@millrace/schemas/config'
import { z } from 'zod'

const plan = definePlan({
  mode: 'enforce',
  refuseUnplanned: true,
  events: {
    'Order Completed': {
      version: '1-0-1',
      owner: 'checkout team',
      description: 'A person has paid, if there was something to pay.',
      properties: z.object({ order_id: z.string().min(1), total: z.number().min(0) }),
    },
    'Gift Sent': {
      version: '1-0-0',
      owner: 'checkout team',
      description: 'A person sent a gift.',
      properties: z.object({}),
    },
  },
  identify: {
    version: '2-0-0',
    owner: 'accounts team',
    description: 'A person signed in.',
    traits: z.object({ email: z.email() }),
  },
})

export default defineConfig({
  sources: [{ name: 'shop', writeKeys: ['wk_shop'], secretKeyVar: 'SHOP_SECRET_KEY', plan }],
})
