/** An event of the lake as a function of the user's own sees it on its way back to the warehouse. */

import type { EventType, JsonObject } from './wire.ts'

type TextColumn =
  | 'event'
  | 'name'
  | 'category'
  | 'user_id'
  | 'anonymous_id'
  | 'group_id'
  | 'previous_id'
  | 'stream'
  | 'batch_id'
  | 'previous_stream'
  | 'route'
  | 'session_id'
  | 'page_url'
  | 'page_path'
  | 'page_search'
  | 'page_referrer'
  | 'page_title'
  | 'user_agent'
  | 'locale'
  | 'library_name'
  | 'library_version'
  | 'ip'
  | 'country'
  | 'region'
  | 'city'
  | 'continent'
  | 'time_zone'
  | 'as_organization'
  | 'device_type'
  | 'device_brand'
  | 'device_model'
  | 'browser_name'
  | 'browser_version'
  | 'os_name'
  | 'os_version'
  | 'bot_name'
  | 'referrer_class'
  | 'referrer_name'
  | 'campaign_source'
  | 'campaign_medium'
  | 'campaign_name'
  | 'campaign_term'
  | 'campaign_content'
  | 'campaign_id'
  | 'click_id_type'
  | 'click_id'
  | 'client_anonymous_id'
  | 'plan_version'

type CountColumn = 'seq' | 'previous_seq' | 'session_index' | 'asn'

type TruthColumn = 'is_bot' | 'gpc' | 'is_anonymized'

type ObjectColumn = 'properties' | 'traits' | 'context' | 'integrations' | 'lookups' | 'extra'

/** How an event differs from the plan, as the column `violations` has it. */
export interface ReplayViolation {
  path: string
  rule: string
  found: string
  message: string
}

/**
 * The columns of `events` under their own names, without `source`, as `docs/data-dictionary.md` has them. Text that is not
 * known is empty; times are milliseconds since 1970; counts are whole numbers of 32 bits; JSON is parsed.
 */
export interface ReplayEvent
  extends Record<TextColumn, string>,
    Record<CountColumn, number>,
    Record<TruthColumn, boolean>,
    Record<ObjectColumn, JsonObject> {
  readonly message_id: string
  type: EventType
  timestamp: number
  /** 0 when the client did not say. */
  readonly original_timestamp: number
  sent_at: number | null
  readonly received_at: number
  violations: ReplayViolation[]
  /** Versions of lookup tables, by the names in `lookups`. */
  lookup_versions: Record<string, string>
}

/**
 * A function that `millrace replay --transform` runs over each event: it gets a copy, and gives back the event to store, or
 * `null` to leave it out. It may change everything but `message_id`, `original_timestamp`, `received_at` and the source: by
 * these an event is known. A column that it leaves out is empty.
 */
export type ReplayTransform = (
  event: ReplayEvent,
  about: { source: string },
) => ReplayEvent | null | Promise<ReplayEvent | null>
