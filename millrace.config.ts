import { defineConfig } from '@millrace/schemas/config'

/**
 * The one file you edit. In development there is also the source `dev` with the write key `dev`; it does not exist when
 * deployed. A source looks like this:
 *
 *   {
 *     name: 'shop',
 *     writeKeys: ['wk_2f9c0a'],            // public: it is in your page
 *     secretKeyVar: 'SHOP_SECRET_KEY',     // set with `wrangler secret put SHOP_SECRET_KEY`
 *     readTokenVar: 'SHOP_READ_TOKEN',
 *   }
 */
export default defineConfig({
  sources: [],
})
