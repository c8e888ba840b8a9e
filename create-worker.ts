/** Collector and consumers as one Worker, for a configuration. What deploys it has to export its handlers by name. */

import { type CollectorEnv, createFetchHandler, destroyOldSalts } from '@millrace/collector'
import {
  type ConsumersEnv,
  drainSpillNow,
  handleQueue,
  handleScheduled,
  type IncomingBatch,
  readMetrics,
} from '@millrace/consumers'
import type { MillraceConfig } from '@millrace/schemas/config'

export { LiveAggregator } from '@millrace/consumers'

/** The bindings of the Worker, as `wrangler.toml` names them. */
export type WorkerEnv = CollectorEnv & ConsumersEnv

/** The handlers of the Worker. */
export interface MillraceWorker<Env = WorkerEnv> {
  fetch: (request: Request, env: Env, context: ExecutionContext) => Promise<Response>
  queue: (batch: IncomingBatch, env: Env) => Promise<void>
  scheduled: (controller: unknown, env: Env, context: ExecutionContext) => Promise<void>
}

/** How long an operator who asks for it waits for the spill to be driven back to the queue. */
const DRAIN_BUDGET_MS = 20_000

/** Creates the handlers; nothing is done before the first of them is called. */
export function createWorker<Env extends WorkerEnv>(config: MillraceConfig): MillraceWorker<Env> {
  const handleFetch = createFetchHandler<Env>(config, {
    drainSpill: (env) => drainSpillNow(env, DRAIN_BUDGET_MS),
    readMetrics: (env) => readMetrics(config, env),
  })
  return {
    fetch: handleFetch,
    queue: (batch, env) => handleQueue(config, batch, env),
    scheduled: (_controller, env, context) =>
      handleScheduled(
        config,
        env,
        [{ name: 'destroy_old_salts', run: () => destroyOldSalts(env.LAKE, Date.now()) }],
        // The way in for heartbeats where there is no other: the whole handler, as a request finds it.
        { handleFetch: (request) => handleFetch(request, env, context) },
      ),
  }
}
