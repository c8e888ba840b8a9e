/** What `@millrace/web` exports. */

export type { DropReason, Millrace, MillraceOptions } from './api.ts'
export { createMillrace } from './create-millrace.ts'
