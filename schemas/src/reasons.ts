/**
 * The closed lists of reasons: why one event was not plainly accepted, why a whole request was refused, and why a client gave an
 * event up. The same words are the HTTP body, the column in ClickHouse and the label of a metric, so a word is never reused or renamed.
 */

/** Why one event of a batch was quarantined, filtered or known as a duplicate. */
export const REASONS = [
  /** The event is not a JSON object. */
  'not_an_object',
  /** `type` is missing or not one of the six. */
  'unknown_type',
  /** A field that this type must have is missing or empty. */
  'missing_field',
  /** A field has a value of the wrong kind. */
  'invalid_field',
  /** A name or id is longer than its limit. */
  'field_too_long',
  /** The event's JSON text is over 32 KB. */
  'event_too_large',
  /** Objects and arrays are nested deeper than 64. */
  'too_deep',
  /** A correction or retraction that came without the secret key. */
  'secret_key_required',
  /** Neither `userId` nor `anonymousId`. */
  'missing_identity',
  /** The client's clock is impossible: not a date, or too far from ours to be corrected. */
  'impossible_time',
  /** The event has an entry in the tracking plan and differs from it. */
  'plan_violation',
  /** The tracking plan has no such event, and refuses those. */
  'unplanned_event',
  /** Filtered: the person has not consented, or has refused. */
  'no_consent',
  /** Filtered: Global Privacy Control, where the source honours it so. */
  'privacy_control',
  /** Filtered: sent by a bot, where the source leaves those out. */
  'bot',
  /** Filtered: the source's own `enrich` left it out. */
  'left_out_by_hook',
  /** Filtered: the person asked to be forgotten; found by the consumer, so no answer names it. */
  'forgotten',
  /** Duplicate: an earlier event of the same batch has the same id. */
  'repeated_in_batch',
  /** The warehouse refuses the event for its content; found by the consumer, so no answer names it. */
  'not_storable',
] as const

/** One of {@link REASONS}. */
export type Reason = (typeof REASONS)[number]

/** Why a request was refused whole. */
export const ERROR_CODES = [
  'invalid_json',
  'invalid_batch',
  'too_many_events',
  'unsupported_encoding',
  'invalid_encoding',
  'body_too_large',
  'missing_write_key',
  'unknown_write_key',
  'secret_key_required',
  'wrong_source',
  'origin_not_allowed',
  'rate_limited',
  'invalid_lookup',
  'missing_read_token',
  'unknown_read_token',
  'invalid_question',
  'invalid_request',
  'question_too_heavy',
  'no_such_file',
  'precondition_failed',
  'range_not_satisfiable',
  'method_not_allowed',
  'not_found',
  'temporarily_unavailable',
  'internal_error',
] as const

/** One of {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number]

/** Why our SDKs give events up, as they tell it in `context.dropped`: those of the browser's first, then what Node adds. */
export const DROP_REASONS = [
  'invalid_call',
  'event_too_large',
  'queue_full',
  'expired',
  'refused',
  'left_out',
  'middleware_failed',
  'no_consent',
  'invalid_event',
  'closed',
  'undelivered',
  'spool_damaged',
] as const
