/** The one Worker: its three handlers by name, because queue consumers are registered only when the entry exports them. */

import { createFetchHandler } from '@millrace/collector'
import { handleQueue, handleScheduled } from '@millrace/consumers'
import config from './millrace.config.ts'

export { LiveAggregator } from '@millrace/consumers'

const handleFetch = createFetchHandler(config)

export default {
  fetch: (request, env) => handleFetch(request, env),
  queue: (batch, env) => handleQueue(batch, env),
  scheduled: (_controller, env) => handleScheduled(env),
} satisfies ExportedHandler<Env, unknown>
