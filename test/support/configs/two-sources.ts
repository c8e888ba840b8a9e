/** A shop and a blog, each with keys of its own, that know nothing of each other. */

import { defineConfig } from '@millrace/schemas/config'

export default defineConfig({
  sources: [
    {
      name: 'shop',
      writeKeys: ['wk_shop'],
      secretKeyVar: 'SHOP_SECRET_KEY',
      readTokenVar: 'SHOP_READ_TOKEN',
      rateLimits: false,
      measures: [{ name: 'revenue', path: 'properties.revenue', events: ['Order Completed'] }],
    },
    {
      name: 'blog',
      writeKeys: ['wk_blog'],
      secretKeyVar: 'BLOG_SECRET_KEY',
      readTokenVar: 'BLOG_READ_TOKEN',
      rateLimits: false,
    },
  ],
})
