import { defineConfig } from 'millrace/config'

export default defineConfig({
  sources: [
    {
      name: 'bookshop',
      writeKeys: ['wk_bookshop'],
      // The collector keeps the visitor's id, in a cookie that no script can read. Deployed at events.example.com, add
      // `domain: 'example.com'`, so that the servers of the site get it too.
      identity: { kind: 'cookie', name: 'millrace_id' },
    },
  ],
})
