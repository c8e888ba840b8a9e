/** Live windows: their definitions, and what `/v1/live` says of them. */

export { buildCondition, isFilterOp, parseFilterText } from '../conditions.ts'
export { filterValues } from './check-windows.ts'
export type * from './definition.ts'
export {
  EVENT_FIELD_NAMES,
  type EventField,
  type EventView,
  findEventField,
  readItems,
} from './event-field.ts'
export type * from './monitor.ts'
export * from './protocol.ts'
export {
  type LivePlan,
  parseDuration,
  type ResolvedLiveSettings,
  type ResolvedWindow,
  resolveLivePlan,
  resolveWindow,
} from './resolve-window.ts'
export { shippedWindows } from './shipped-windows.ts'
export { isWebhookAddress } from './webhook-address.ts'
