/** What the tables of bad input are made of: one hostile thing, and what is to become of it. Shared by all of them. */

import type { ErrorCode, Reason } from '@millrace/schemas/wire'

/**
 * What becomes of bad input: `stored` (it harms nobody, as do the good events beside it), an error code (the request is
 * refused whole), or a reason (the bad event alone is refused, or each event where all share what is bad).
 */
export type Outcome = 'stored' | ErrorCode | Reason

/** What it is in words, its JSON text, and what becomes of it. */
export type TextCase = readonly [what: string, text: string, outcome: Outcome]

/** The body of a request; made only when it is sent, because some are large. */
export interface BodyCase {
  what: string
  makeBody: () => string | Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>
  headers?: Record<string, string>
  outcome: Outcome
  /** Elements of its batch; default 1, the good one. */
  count?: number
}

/** The status that tells each code. Source: the OpenAPI description. */
export const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  invalid_json: 400,
  invalid_batch: 400,
  invalid_encoding: 400,
  invalid_lookup: 400,
  invalid_question: 400,
  invalid_request: 400,
  missing_write_key: 401,
  unknown_write_key: 401,
  missing_read_token: 401,
  unknown_read_token: 401,
  secret_key_required: 403,
  wrong_source: 403,
  origin_not_allowed: 403,
  not_found: 404,
  no_such_file: 404,
  method_not_allowed: 405,
  precondition_failed: 412,
  body_too_large: 413,
  too_many_events: 413,
  unsupported_encoding: 415,
  range_not_satisfiable: 416,
  question_too_heavy: 422,
  rate_limited: 429,
  temporarily_unavailable: 503,
  internal_error: 500,
}

/** Whether an outcome is that of a whole request. */
export function isErrorCode(outcome: Outcome): outcome is ErrorCode {
  return Object.hasOwn(STATUS_OF, outcome)
}

/** JSON text of an event that every source stores; its id and name tell it from all others. */
export function goodEvent(messageId: string): string {
  return JSON.stringify({ type: 'track', event: 'Good', anonymousId: 'a1', messageId, properties: { n: 1 } })
}

/** JSON text of a batch of these texts; `fields` are written before it, each with its comma. */
export function batchText(events: readonly string[], fields = ''): string {
  return `{"writeKey":"wk",${fields}"batch":[${events.join(',')}]}`
}

/** JSON text of an array or object that nests so deep. */
export function nest(levels: number, open: '[' | '{"a":' = '['): string {
  const close = open === '[' ? ']' : '}'
  return `${open.repeat(levels)}${open === '[' ? '' : '1'}${close.repeat(levels)}`
}
