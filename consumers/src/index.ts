/** Platform entry of the consumers: what the Worker's handlers call. */

export type { ConsumersEnv } from './env.ts'
export type { ScheduledJob } from './jobs.ts'
export { LiveAggregator } from './live/aggregator.ts'
export { readMetrics } from './metrics/read.ts'
export { handleQueue, type IncomingBatch } from './queue-handlers.ts'
export { drainSpillNow, handleScheduled, type ScheduledExtras } from './scheduled.ts'
export type { DrainedSpill } from './spill.ts'
