/** What evaluating a monitor gives, and keeping and telling takes. */

import type { MonitorDefinition } from '@millrace/schemas/live'

/** One of the things that a monitor found, such as a user. */
export interface FiringKey {
  key: string
  /** One sentence for a person. */
  message: string
  value: number | null
}

/** How a monitor is for one source. Plain data: it goes from the cron to the Durable Object. */
export interface MonitorResult {
  name: string
  source: string
  kind: MonitorDefinition['kind']
  /** `unknown` says nothing either way: what was, holds. */
  state: 'ok' | 'firing' | 'unknown'
  /** Of when it says this, milliseconds since 1970: when it was evaluated; of a threshold the end of the last window that was. */
  at: number
  /** What was found, in one sentence for a person. */
  message: string
  /** The number that was judged, where there is one for the whole. */
  value: number | null
  /** Whom it concerns, at most {@link MAX_KEYS} unless all are known anyway; empty where it is about the whole. */
  keys: FiringKey[]
  /** How many more fire that are not in `keys`; of those that are not, nothing is known then but of `judged`. Default 0. */
  more?: number
  /** Keys of which it is known whether they fire: those that do are in `keys`. Default none beside those. */
  judged?: readonly string[]
}

/** Most keys that ClickHouse tells, and most that are kept of a monitor. */
export const MAX_KEYS = 100

/** What a kind of monitor finds; the rest of {@link MonitorResult} is the same for all. */
export type Finding = Pick<MonitorResult, 'state' | 'message' | 'value'> &
  Partial<Pick<MonitorResult, 'keys' | 'more' | 'judged'>>
