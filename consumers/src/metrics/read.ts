/** The metrics of an environment, for the collector's route. */

import { HEARTBEAT_SOURCE, type MillraceConfig } from '@millrace/schemas'
import { type ConsumersEnv, heartbeatSettings, log, oncePerEnv, sourcesOf } from '../env.ts'
import { connectionOf, createStatements } from '../statements.ts'
import { createMetricsCache, gatherMetrics, type MetricsEffects } from './gather.ts'

/** So that several scrapers cost no more than one. */
const cacheOf = oncePerEnv(() => createMetricsCache(Date.now))

/** The text that Prometheus reads, at most ten seconds old. Never rejects. */
export function readMetrics(config: MillraceConfig, env: ConsumersEnv): Promise<string> {
  const { read } = createStatements(connectionOf(env))
  const effects: MetricsEffects = {
    ...{ read, bucket: env.LAKE, objectOf: (source) => env.LIVE.getByName(source), now: Date.now, log },
    queues: { events: env.EVENTS_QUEUE, retry: env.RETRY_QUEUE, dead: env.DEAD_QUEUE },
  }
  const own = heartbeatSettings(config, env) === undefined ? [] : [HEARTBEAT_SOURCE]
  return cacheOf(env)(() => gatherMetrics(effects, [...sourcesOf(config, env), ...own]))
}
