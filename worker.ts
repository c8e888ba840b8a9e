/** The one Worker: its three handlers by name, because queue consumers are registered only when the entry exports them. */

import { createWorker } from './create-worker.ts'
import config from './millrace.config.ts'

export { LiveAggregator } from './create-worker.ts'

const worker = createWorker<Env>(config)

export default {
  fetch: worker.fetch,
  queue: worker.queue,
  scheduled: worker.scheduled,
} satisfies ExportedHandler<Env, unknown>
