/** What the code of this release needs of `wrangler.toml`. Changes with the code; a test compares it with the repository's own. */

/** A queue: its role is the last word of its name, and by its role the Worker knows what to do with a message. */
export interface RequiredQueue {
  binding: string
  role: string
  /** Where the platform puts what is out of tries; `undefined` where nothing is behind it. */
  deadLetterRole: string | undefined
  /** Fewer tries than this lose or bury messages before their time. */
  minRetries: number
  /** What fewer tries do. */
  whenFewer: string
}

/** As TRIES_A_ROUND in consumers/src/delivery.ts has it, after which the Worker sends a message anew: one more must be left. */
export const TRIES_A_ROUND = 90

/** The most that the platform takes. Source: Cloudflare Queues limits, checked November 2026. */
const MOST_RETRIES = 100

/** All three. */
export const REQUIRED_QUEUES: readonly RequiredQueue[] = [
  {
    binding: 'EVENTS_QUEUE',
    role: 'events',
    deadLetterRole: 'dead',
    minRetries: MOST_RETRIES,
    whenFewer: 'events become dead letters during an outage that could have been waited for',
  },
  {
    binding: 'RETRY_QUEUE',
    role: 'retry',
    deadLetterRole: 'dead',
    minRetries: TRIES_A_ROUND + 1,
    whenFewer: 'the platform buries what the Worker would have sent anew, within a day of an outage',
  },
  {
    binding: 'DEAD_QUEUE',
    role: 'dead',
    deadLetterRole: undefined,
    minRetries: MOST_RETRIES,
    whenFewer: 'a dead letter that the bucket does not take in time is deleted',
  },
]

/** The bucket of the lake, the spill and the dead letters. */
export const REQUIRED_BUCKET = 'LAKE'

/** The object that keeps live windows. */
export const REQUIRED_OBJECT = { binding: 'LIVE', className: 'LiveAggregator' }

/** Files of the dashboard. */
export const REQUIRED_ASSETS = 'ASSETS'

/** The Worker works without them, and limits nothing then. */
export const RATE_LIMITS = ['SOURCE_LIMIT', 'CLIENT_LIMIT', 'QUERY_LIMIT']

/** Variables without which the Worker does not find ClickHouse. */
export const REQUIRED_VARS = ['MILLRACE_ENV', 'CLICKHOUSE_URL', 'CLICKHOUSE_USER', 'CLICKHOUSE_DATABASE']

/** Jobs run each minute. */
export const REQUIRED_CRON = '* * * * *'

/** Milliseconds of computing that the cron may need to merge an hour of a million events for the lake. */
export const REQUIRED_CPU_MS = 300_000

/** What the entry must export. */
export const REQUIRED_HANDLERS: Readonly<Record<string, string>> = {
  fetch: 'nothing is received',
  queue: 'no consumer is registered, and what is received is never stored',
  scheduled: 'no job runs: nothing is computed, published or driven back from the spill',
}
