/** What `@millrace/web` exports. */

export type { DropReason, Millrace, MillraceOptions, PlanShape, Unplanned } from './api.ts'
export { createMillrace } from './create-millrace.ts'
