/** What a user writes about monitors and webhooks in `millrace.config.ts`. How each is judged: `docs/monitors.md`. */

import type { Duration, WindowFilter } from './definition.ts'

/** Where it is told that a monitor fires and recovers, as Standard Webhooks has it. */
export interface WebhookDefinition {
  /** 1 to 64 of `a-z`, `0-9`, `-`, `_`. */
  name: string
  /** Address, `https:`; `http:` of this machine alone. Either this or `urlVar`. */
  url?: string
  /** Name of the Worker secret that holds the address, where the address is itself a secret. */
  urlVar?: string
  /** Name of the Worker secret that it is signed with: `whsec_` and base64, or any text. */
  secretVar: string
}

/** What every monitor has. */
interface MonitorBase {
  /** 1 to 64 of `a-z`, `0-9`, `_`, beginning with a letter. */
  name: string
  /** What it watches, for people. Default the name. */
  title?: string
  /** Names of the sources that it watches, each by itself. Default all. */
  sources?: readonly string[]
  /** Names of the webhooks that are told. Default all; none for an empty list. */
  webhooks?: readonly string[]
}

/** Events that fulfil all conditions. */
export interface EventChoice {
  where: readonly WindowFilter[]
}

/** A measure of a final live window is above or below a number. */
export interface ThresholdMonitor extends MonitorBase {
  kind: 'threshold'
  /** Name of a window that is tumbling or sliding. */
  window: string
  /** Name of one of its measures; of quantiles with the quantile: `value.0.95`. */
  measure: string
  /** Values of the window's `by`. Default: each group for itself; needed by `below` where the window has groups. */
  group?: readonly string[]
  above?: number
  /** A window without events counts 0. */
  below?: number
  /** How many windows one after the other, 1 to 60; the first must be kept (`live.retention`) until the last ends. Default 1. */
  forWindows?: number
}

/** Far fewer events than at the same hour of the days before. */
export interface DropMonitor extends MonitorBase {
  kind: 'drop'
  where: readonly WindowFilter[]
  /** 5 min to 24 h, whole minutes; windows begin at whole multiples since 1970 (UTC). Default `1h`. */
  window?: Duration
  /** Fires when the events fell by so much or more. Default 80. */
  percent?: number
  /** Days before that are compared with, 3 to 28. Default 7. */
  days?: number
  /** Events that at least 3 of those days must have had. Default 50. */
  min?: number
}

/** Stages of the pipeline. */
export const MONITOR_STAGES = ['received', 'live', 'warehouse', 'computed', 'lake'] as const

/** One of {@link MONITOR_STAGES}. */
export type MonitorStage = (typeof MONITOR_STAGES)[number]

/** A stage of the pipeline is behind. */
export interface FreshnessMonitor extends MonitorBase {
  kind: 'freshness'
  stage: MonitorStage
  olderThan: Duration
}

/** Too large a share of what comes is refused. */
export interface QuarantineRateMonitor extends MonitorBase {
  kind: 'quarantine_rate'
  /** Share, 0 up to 1. */
  above: number
  /** 1 min to 24 h. Default `5m`. */
  window?: Duration
  /** Least number of events in the window. Default 20. */
  min?: number
}

/** Too large a share of events lacks a property. */
export interface NullRateMonitor extends MonitorBase {
  kind: 'null_rate'
  /** Name of the event; `page` for page views. */
  event: string
  /** Field that they should have. */
  property: string
  /** Share, 0 up to 1. */
  above: number
  /** 1 min to 24 h. Default `1h`. */
  window?: Duration
  /** Least number of events in the window. Default 20. */
  min?: number
}

/** The values of a property are spread otherwise than before. */
export interface DriftMonitor extends MonitorBase {
  kind: 'drift'
  property: string
  /** Default: all events that have the property. */
  where?: readonly WindowFilter[]
  /** Population stability index. Default 0.25. */
  above?: number
  /** 10 min to 24 h. Default `1h`. */
  window?: Duration
  /** Days before the window that it is compared with, 1 to 28. Default 7. */
  days?: number
  /** Least number of events with the property, in the window and before. Default 100. */
  min?: number
}

/** What a {@link CountRuleMonitor} can say. */
export const COUNT_RULE_OPS = ['<', '<=', '=', '>=', '>'] as const

/** One of {@link COUNT_RULE_OPS}. */
export type CountRuleOp = (typeof COUNT_RULE_OPS)[number]

/** Two numbers of events that must stand so to each other. */
export interface CountRuleMonitor extends MonitorBase {
  kind: 'count_rule'
  left: EventChoice
  op: CountRuleOp
  right: EventChoice
  /** 1 min to 24 h. Default `1h`. */
  window?: Duration
  /** So many events the left side may be away from what the rule allows. Default 0. */
  slack?: number
}

/** One key, such as a user, has too much of something. */
export interface PerKeyMonitor extends MonitorBase {
  kind: 'per_key'
  /** Field; events without it do not count. */
  key: string
  measure: 'count' | { sum: string }
  where?: readonly WindowFilter[]
  /** 1 min to 48 h until now, or the calendar day. */
  window: Duration | 'day'
  /** Of the calendar day. Default `UTC`. */
  timeZone?: string
  above: number
}

/** A condition on the two events of a sequence; an event without the fields does not fulfil it. */
export type SequenceCondition =
  /** `first` op `then`: `is` and `is_not` as text, the others as numbers. */
  | { kind: 'compare'; first: string; op: 'is' | 'is_not' | 'gt' | 'gte' | 'lt' | 'lte'; then: string }
  /** How far apart two points on the earth are. Each is a field of the latitude and one of the longitude, in degrees. */
  | {
      kind: 'distance_miles' | 'distance_km'
      first: readonly [latitude: string, longitude: string]
      then: readonly [latitude: string, longitude: string]
      above?: number
      below?: number
    }

/** One event and then another of the same key; or one, and then not the other. */
export interface SequenceMonitor extends MonitorBase {
  kind: 'sequence'
  /** Field that both have. */
  key: string
  first: EventChoice
  then: EventChoice
  /** From the first to the second, inclusive. 1 s to 24 h. */
  within: Duration
  /** Conditions on both that must all hold. */
  condition?: readonly SequenceCondition[]
  /** Fires when the second did not come. */
  absent?: true
  /** How long such a thing is told, and how late an event of it may come. 10 min to 24 h, default `1h`. */
  lookback?: Duration
}

/** Events that were acknowledged are missing, or have been on their way for too long. */
export interface BooksMonitor extends MonitorBase {
  kind: 'books'
  /** How long after the end of their hour events may be on their way, 5 min to 24 h. Default `30m`. */
  olderThan?: Duration
  /** So many may be so for longer. Default 0. */
  above?: number
}

/** Events that clients numbered never came, and no client says that it dropped them. */
export interface GapsMonitor extends MonitorBase {
  kind: 'gaps'
  /** Number of events. Either this or `aboveShare`. */
  above?: number
  /** Share of the numbered events that were sent, 0 up to 1. */
  aboveShare?: number
  /** Of streams that were heard last within so long, 5 min to 24 h. Default `1h`. */
  window?: Duration
  /** Least number of events in the window that a share is judged by. Default 20. */
  min?: number
}

/** One monitor. */
export type MonitorDefinition =
  | ThresholdMonitor
  | DropMonitor
  | FreshnessMonitor
  | QuarantineRateMonitor
  | NullRateMonitor
  | DriftMonitor
  | CountRuleMonitor
  | PerKeyMonitor
  | SequenceMonitor
  | BooksMonitor
  | GapsMonitor
