import { defineConfig, definePlan, type PlanTypes } from '@millrace/schemas/config'
import { z } from 'zod'

const price = z.number().min(0).describe('In units of the currency, not in cents.')
const currency = z.string().length(3).describe('ISO 4217, for example EUR.')

const product = z.object({
  product_id: z.string().min(1),
  sku: z.string().min(1).optional(),
  name: z.string().min(1),
  category: z.string().optional(),
  brand: z.string().optional(),
  price,
  currency,
  quantity: z.int().min(1).optional(),
  position: z.int().min(1).optional().describe('Place in a list, from 1.'),
  url: z.url().optional(),
})

const order = z.object({
  value: price.describe('What the cart is worth.'),
  revenue: price.describe('The value without shipping and taxes.'),
  shipping: price,
  currency,
  products: z.array(product.required({ quantity: true })).min(1),
})

/**
 * The tracking plan of the demo shop, whose events are those of Segment's ecommerce specification. Events that it does not
 * name are stored unchecked, and those that differ are stored with the differences beside them; `docs/tracking-plan.md` says
 * how to write your own.
 */
export const plan = definePlan({
  mode: 'warn',
  events: {
    'Product List Viewed': {
      version: '1-0-0',
      owner: 'demo shop',
      description: 'A person saw a list of products.',
      properties: z.object({ list_id: z.string().min(1), products: z.array(product) }),
    },
    'Product Viewed': {
      version: '1-0-0',
      owner: 'demo shop',
      description: 'A person saw the page of a product.',
      properties: product,
    },
    'Product Added': {
      version: '1-0-0',
      owner: 'demo shop',
      description: 'A product was put into the cart, or one more of it.',
      properties: product.required({ quantity: true }),
    },
    'Product Removed': {
      version: '1-0-0',
      owner: 'demo shop',
      description: 'A product was taken out of the cart, or one of several.',
      properties: product.required({ quantity: true }),
    },
    'Cart Viewed': {
      version: '1-0-0',
      owner: 'demo shop',
      description: 'A person saw the cart; it may be empty.',
      properties: z.object({ products: z.array(product.required({ quantity: true })) }),
    },
    'Checkout Started': {
      version: '1-0-0',
      owner: 'demo shop',
      description: 'A person went from the cart to the checkout.',
      properties: order,
    },
    'Order Completed': {
      version: '1-0-0',
      owner: 'demo shop',
      description: 'An order was placed.',
      properties: order.extend({ order_id: z.string().min(1) }),
    },
  },
})

/** What the SDKs check when your code is compiled: `createMillrace<Plan>({ ... })`. */
export type Plan = PlanTypes<typeof plan>

/**
 * The one file you edit. In development there is also the source `dev` with the write key `dev`; it does not exist when
 * deployed. A source looks like this:
 *
 *   {
 *     name: 'shop',
 *     writeKeys: ['wk_2f9c0a'],            // public: it is in your page
 *     secretKeyVar: 'SHOP_SECRET_KEY',     // set with `wrangler secret put SHOP_SECRET_KEY`
 *     readTokenVar: 'SHOP_READ_TOKEN',
 *     plan,                                // what its events carry
 *   }
 */
export default defineConfig({
  sources: [],
  development: {
    ip: 'keep',
    plan,
    measures: [{ name: 'revenue', path: 'properties.revenue', events: ['Order Completed'] }],
  },
})
