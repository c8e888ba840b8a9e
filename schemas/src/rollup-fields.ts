/** What the table `rollup_hour_fields` has: the consumer computes it, the collector answers questions from it. */

/** Columns of events by whose values views are counted. */
export const ROLLUP_FIELDS = [
  'page_path',
  'name',
  'referrer_class',
  'referrer_name',
  'campaign_source',
  'campaign_medium',
  'campaign_name',
  'country',
  'region',
  'city',
  'device_type',
  'browser_name',
  'os_name',
] as const

/** Names of the events that are counted so. */
export const ROLLUP_FIELD_EVENTS = ['page', 'screen'] as const
