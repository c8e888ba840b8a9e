/** What each status means on every route, and what a client does then. */

import type { ErrorCode } from '@millrace/schemas'

/** One status. */
export interface Status {
  means: string
  action: string
  codes: readonly ErrorCode[]
}

const NEVER = 'Do not send it again unchanged.'

/** All statuses that the description has. */
export const STATUSES: Readonly<Record<string, Status>> = {
  101: {
    means: 'The connection is a WebSocket from here on.',
    action: 'Acknowledge each message.',
    codes: [],
  },
  200: {
    means: 'Done. Of events: each is durable, or named by a receipt.',
    action: 'Forget the batch. A receipt needs no answer; it says what to mend.',
    codes: [],
  },
  206: { means: 'The bytes that `Range` asked for.', action: 'Go on behind them.', codes: [] },
  304: { means: 'What you have is the current version.', action: 'Keep it.', codes: [] },
  400: {
    means: 'The body or the query is not what the route takes.',
    action: `${NEVER} \`message\` says what is wrong.`,
    codes: [
      'invalid_json',
      'invalid_batch',
      'invalid_encoding',
      'invalid_lookup',
      'invalid_question',
      'invalid_request',
    ],
  },
  401: {
    means: 'No key, or none that a source has; or a secret key outside of the header.',
    action: `${NEVER} Mend the key.`,
    codes: ['missing_write_key', 'unknown_write_key', 'missing_read_token', 'unknown_read_token'],
  },
  403: {
    means: 'Not with this key, not for this source, or not from this page.',
    action: `${NEVER} Use the key that the route names, or add the page to \`allowedOrigins\`.`,
    codes: ['secret_key_required', 'wrong_source', 'origin_not_allowed'],
  },
  404: {
    means: 'There is no such route, file, letter or window; of settings: no source has the key.',
    action: NEVER,
    codes: ['not_found', 'no_such_file', 'unknown_write_key'],
  },
  405: {
    means: 'Not by this method; `Allow` names those that it takes.',
    action: NEVER,
    codes: ['method_not_allowed'],
  },
  412: {
    means: 'The file has another version than `If-Match` says.',
    action: 'Read the manifest again.',
    codes: ['precondition_failed'],
  },
  413: {
    means: 'Too many bytes, or too many events.',
    action: 'Send it in two halves. The browser SDK does.',
    codes: ['body_too_large', 'too_many_events'],
  },
  415: {
    means: 'A `Content-Encoding` other than gzip or deflate.',
    action: 'Send it plain or with gzip.',
    codes: ['unsupported_encoding'],
  },
  416: {
    means: 'The file has no such bytes.',
    action: 'Ask for its size with HEAD.',
    codes: ['range_not_satisfiable'],
  },
  422: {
    means: 'The question takes too long, or too much memory.',
    action: 'Ask for less: a shorter range, or more filters.',
    codes: ['question_too_heavy'],
  },
  429: {
    means: 'Over the limits. Nothing was stored.',
    action: 'Send the same again after `Retry-After` seconds, and a random while.',
    codes: ['rate_limited'],
  },
  500: {
    means: 'A fault on our side. Nothing was stored.',
    action: 'Send the same again, with growing delay.',
    codes: ['internal_error'],
  },
  503: {
    means: 'Not now. Nothing was stored.',
    action: 'Send the same again after `Retry-After` seconds, and a random while.',
    codes: ['temporarily_unavailable'],
  },
}
