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
  RetryNotice,
  SourceKey,
  Stats,
  TrackArguments,
  ViewArguments,
  WaitOptions,
} from './types.ts'
