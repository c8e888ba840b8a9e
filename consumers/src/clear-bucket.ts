/** Before each file of tests inside the Worker runtime, which share one: what the file before left in R2 is taken away. */

import { env } from 'cloudflare:workers'
import { beforeAll } from 'vitest'

beforeAll(async () => {
  for (;;) {
    const { objects, truncated } = await env.LAKE.list()
    if (objects.length > 0) await env.LAKE.delete(objects.map(({ key }) => key))
    if (!truncated) return
  }
})
