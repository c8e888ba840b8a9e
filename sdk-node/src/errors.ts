/** The one error class of the SDK: what listeners for `error` get. Nothing here is ever thrown into the caller's code. */

import type { ErrorCode, MillraceFailure } from './news.ts'

/** What a {@link MillraceError} says besides its message. */
export interface MillraceErrorDetails {
  code: ErrorCode
  dropped: number
  status?: number | undefined
  collectorCode?: string | undefined
  cause?: unknown
}

/** Why events were dropped. Branch on `code`; the message is for people and holds neither keys nor payloads. */
export class MillraceError extends Error implements MillraceFailure {
  override readonly name = 'MillraceError'
  readonly code: ErrorCode
  readonly dropped: number
  declare readonly status?: number
  declare readonly collectorCode?: string

  constructor(message: string, { code, dropped, status, collectorCode, cause }: MillraceErrorDetails) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.dropped = dropped
    if (status !== undefined) this.status = status
    if (collectorCode !== undefined) this.collectorCode = collectorCode
  }
}
