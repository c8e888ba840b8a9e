/** What `@millrace/web` exports. */

export type {
  BatchReport,
  Consent,
  ConsentState,
  DropReason,
  EventOptions,
  Middleware,
  Millrace,
  MillraceEvents,
  MillraceOptions,
  MutableEvent,
  PlanShape,
  Unplanned,
  User,
} from './api.ts'
export { createMillrace } from './create-millrace.ts'
