/** A shop whose plan is stricter than what the shop sends: free orders and gifts are refused. */

import { defineConfig, definePlan } from '@millrace/schemas/config'
import { z } from 'zod'

const plan = definePlan({
  mode: 'enforce',
  refuseUnplanned: true,
  events: {
    'Order Completed': {
      version: '1-0-0',
      owner: 'checkout team',
      description: 'A person has paid.',
      properties: z.object({ order_id: z.string().min(1), total: z.number().positive() }),
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
