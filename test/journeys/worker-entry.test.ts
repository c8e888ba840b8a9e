/** The built Worker exports what Cloudflare registers: without `queue` no consumer would ever run. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { expect, it } from 'vitest'
import { ROOT } from '../../scripts/setup.mjs'

it('the built entry exports fetch, queue, scheduled and the Durable Object class', async () => {
  const probe = `
    import entry, * as named from './worker.js'
    export default { fetch: () => Response.json({
      handlers: Object.keys(entry).filter((key) => typeof entry[key] === 'function').sort(),
      named: Object.keys(named).sort(),
    }) }`
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      compatibilityDate: '2026-10-20',
      modules: [
        { type: 'ESModule', path: 'probe.js', contents: probe },
        {
          type: 'ESModule',
          path: 'worker.js',
          contents: readFileSync(join(ROOT, 'dist/worker/worker.js'), 'utf8'),
        },
      ],
      cf: false,
    }),
  )
  try {
    const response = await miniflare.dispatchFetch('http://localhost/')
    expect(await response.json()).toEqual({
      handlers: ['fetch', 'queue', 'scheduled'],
      named: ['LiveAggregator', 'default'],
    })
  } finally {
    await miniflare.dispose()
  }
})
