/** Everything the collector, the consumers and the tests need to know about an event, validator included. */

export * from './config.ts'
export * from './envelope.ts'
export * from './event-time.ts'
export type { ParsedEvent } from './events/common.ts'
export * from './events/identity.ts'
export * from './events/track.ts'
export * from './events/view.ts'
export * from './json-text.ts'
export * from './parse-event.ts'
export { ERROR_CODES, REASONS } from './reasons.ts'
export * from './wire.ts'
