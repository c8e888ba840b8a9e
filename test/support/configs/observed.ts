import { defineConfig } from '@millrace/schemas/config'

/** A source of which every outcome is written to the log. */
export default defineConfig({
  sources: [
    {
      name: 'shop',
      writeKeys: ['wk_shop'],
      readTokenVar: 'SHOP_READ_TOKEN',
      bots: 'filter',
      rateLimits: false,
    },
  ],
  logs: { sampleRate: 1 },
})
