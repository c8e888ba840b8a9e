/** What both entries give besides `createMillrace`. */

export {
  type BrowserIdentity,
  type BrowserIdentityOptions,
  type CookieSource,
  readBrowserIdentity,
} from './browser-identity.ts'
export type {
  ExitSource,
  FetchLike,
  FsyncPolicy,
  MillraceOptions,
  NodeOptions,
  SourceKey,
  SpoolOptions,
} from './client-options.ts'
export { MillraceError } from './errors.ts'
export type {
  AliasArguments,
  CommonFields,
  Defaults,
  EventTime,
  Fields,
  GroupArguments,
  IdentifyArguments,
  Identity,
  KnownIdentity,
  PlanShape,
  TrackArguments,
  Unplanned,
  ViewArguments,
} from './event-arguments.ts'
export type {
  ClientEvents,
  Done,
  DropCounts,
  DropNotice,
  DropReason,
  ErrorCode,
  EventOutcome,
  EventReceipt,
  EventStatus,
  FlushResult,
  MillraceFailure,
  RetryNotice,
  Stats,
} from './news.ts'
export type { EventCalls, Millrace, MillraceChild, WaitOptions } from './types.ts'
export { type ContextSource, readRequestContext } from './visitor-context.ts'
