/** A shop that joins its catalogue onto what people look at and buy. */

import { defineConfig } from '@millrace/schemas/config'

export default defineConfig({
  sources: [
    {
      name: 'shop',
      writeKeys: ['wk_shop'],
      secretKeyVar: 'SHOP_SECRET_KEY',
      lookups: [
        { table: 'products', on: 'properties.product_id', events: ['Product Viewed'], as: 'product' },
        {
          table: 'products',
          on: 'properties.products.*.product_id',
          events: ['Order Completed'],
          as: 'items',
        },
      ],
    },
  ],
})
