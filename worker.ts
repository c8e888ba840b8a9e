/** The one Worker: its three handlers by name, because queue consumers are registered only when the entry exports them. */

import { createFetchHandler, destroyOldSalts } from '@millrace/collector'
import { drainSpillNow, handleQueue, handleScheduled, readMetrics } from '@millrace/consumers'
import config from './millrace.config.ts'

export { LiveAggregator } from '@millrace/consumers'

/** How long an operator who asks for it waits for the spill to be driven back to the queue. */
const DRAIN_BUDGET_MS = 20_000

const handleFetch = createFetchHandler<Env>(config, {
  drainSpill: (env) => drainSpillNow(env, DRAIN_BUDGET_MS),
  readMetrics: (env) => readMetrics(config, env),
})

export default {
  fetch: (request, env, context) => handleFetch(request, env, context),
  queue: (batch, env) => handleQueue(config, batch, env),
  scheduled: (_controller, env, context) =>
    handleScheduled(
      config,
      env,
      [{ name: 'destroy_old_salts', run: () => destroyOldSalts(env.LAKE, Date.now()) }],
      // The way in for heartbeats where there is no other: the whole handler, as a request finds it.
      { handleFetch: (request) => handleFetch(request, env, context) },
    ),
} satisfies ExportedHandler<Env, unknown>
