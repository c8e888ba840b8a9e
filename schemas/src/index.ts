/** Everything the collector, the consumers and the tests need to know about an event, validator included. */

export * from './config.ts'
export * from './corrections.ts'
export * from './dead-letter.ts'
export * from './envelope.ts'
export * from './event-time.ts'
export type { ParsedEvent } from './events/common.ts'
export * from './events/identity.ts'
export * from './events/track.ts'
export * from './events/view.ts'
export * from './facts.ts'
export * from './filter-ops.ts'
export * from './forgotten.ts'
export {
  HEARTBEAT_EVENT,
  HEARTBEAT_KEY_OBJECT,
  HEARTBEAT_KEY_PATTERN,
  HEARTBEAT_SOURCE,
  HEARTBEAT_STAGES,
  type HeartbeatConfig,
  type HeartbeatStage,
  type ResolvedHeartbeat,
  resolveHeartbeat,
} from './heartbeat.ts'
export * from './json-text.ts'
export {
  createSampledLog,
  DEFAULT_SAMPLE_RATE,
  encodeLogLine,
  type Log,
  type LogRecord,
  type LogsConfig,
  type SampledLog,
  traceOf,
} from './log.ts'
export { METRICS_TOKEN_VAR, type MetricsConfig } from './metrics-config.ts'
export * from './parse-event.ts'
export * from './plan/check-event.ts'
export * from './plan/plan.ts'
export * from './queue.ts'
export { DROP_REASONS, ERROR_CODES, REASONS } from './reasons.ts'
export * from './rollup-fields.ts'
export * from './source-settings.ts'
export * from './wire.ts'
export * from './wrapped-message.ts'
