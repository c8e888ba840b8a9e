/** Everything that `@millrace/node` gives to its users. */

export { createMillrace } from './client.ts'
export { MillraceError } from './errors.ts'
export type {
  AliasArguments,
  CommonFields,
  DropReason,
  EventReceipt,
  EventTime,
  ExitSource,
  FetchLike,
  Fields,
  FlushResult,
  GroupArguments,
  IdentifyArguments,
  Identity,
  Millrace,
  MillraceFailure,
  MillraceOptions,
  PlanShape,
  RetryNotice,
  SourceKey,
  Stats,
  TrackArguments,
  Unplanned,
  ViewArguments,
  WaitOptions,
} from './types.ts'
