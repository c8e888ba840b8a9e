// biome-ignore-all lint/suspicious/noThenProperty: the second event of a sequence is called so, and is no function.
/** The shape of the monitors of a configuration. */

import { z } from 'zod'
import { FILTER_OPS, MAX_FILTERS } from '../filter-ops.ts'
import { knownFields, textOf } from '../setting-rules.ts'
import { COUNT_RULE_OPS, MONITOR_STAGES } from './monitor-definition.ts'
import { parseDuration } from './resolve-window.ts'

/** Each is a statement a minute for each source. */
const MAX_MONITORS = 50
const MAX_CONDITIONS = 10

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

const NAME = textOf(/^[a-z][a-z0-9_]{0,63}$/, 'must be 1 to 64 of a-z, 0-9, "_", beginning with a letter')
/** A duration between two bounds, and of whole minutes where `isWhole`. */
function span(minMs: number, maxMs: number, words: string, isWhole = false) {
  return z.custom<string>((value) => {
    const ms = parseDuration(value)
    return ms !== undefined && ms >= minMs && ms <= maxMs && (!isWhole || ms % MINUTE_MS === 0)
  }, `must be a duration ${words}`)
}

function number(min: number, max: number, words: string) {
  return z.number(words).min(min, words).max(max, words)
}

function whole(min: number, max: number) {
  const words = `must be a whole number from ${min} to ${max}`
  return z.int(words).min(min, words).max(max, words)
}

const field = z.string().min(1)
const share = z
  .number('must be a share from 0 to 1')
  .min(0, 'must be a share from 0 to 1')
  .lt(1, 'must be a share below 1')
const window = span(MINUTE_MS, 24 * HOUR_MS, 'from 1m to 24h')
const min = whole(1, 1_000_000)

const where = z
  .array(
    knownFields({
      field,
      op: z.enum(FILTER_OPS),
      value: z
        .union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number()])).min(1)])
        .optional(),
    }),
  )
  .max(MAX_FILTERS, `must be at most ${MAX_FILTERS}`)

const choice = knownFields({ where })

const BASE = {
  name: NAME,
  title: z.string().min(1).max(100).optional(),
  sources: z.array(z.string()).min(1).optional(),
  webhooks: z.array(z.string()).optional(),
}

const point = z.tuple([field, field], 'must be the fields of a latitude and a longitude')
const distance = {
  first: point,
  then: point,
  above: z.number().min(0).optional(),
  below: z.number().min(0).optional(),
}

const ConditionSchema = z.discriminatedUnion('kind', [
  knownFields({
    kind: z.literal('compare'),
    first: field,
    op: z.enum(['is', 'is_not', 'gt', 'gte', 'lt', 'lte']),
    then: field,
  }),
  knownFields({ kind: z.literal('distance_miles'), ...distance }),
  knownFields({ kind: z.literal('distance_km'), ...distance }),
])

const MonitorSchema = z.discriminatedUnion('kind', [
  knownFields({
    ...BASE,
    kind: z.literal('threshold'),
    window: z.string(),
    measure: z.string(),
    group: z.array(z.string()).optional(),
    above: z.number().optional(),
    below: z.number().optional(),
    forWindows: whole(1, 60).optional(),
  }),
  knownFields({
    ...BASE,
    kind: z.literal('drop'),
    where,
    window: span(5 * MINUTE_MS, 24 * HOUR_MS, 'of whole minutes from 5m to 24h', true).optional(),
    percent: number(1, 100, 'must be a number from 1 to 100').optional(),
    days: whole(3, 28).optional(),
    min: min.optional(),
  }),
  knownFields({
    ...BASE,
    kind: z.literal('freshness'),
    stage: z.enum(MONITOR_STAGES),
    olderThan: span(MINUTE_MS, 999 * HOUR_MS, 'from 1m to 999h'),
  }),
  knownFields({
    ...BASE,
    kind: z.literal('quarantine_rate'),
    above: share,
    window: window.optional(),
    min: min.optional(),
  }),
  knownFields({
    ...BASE,
    kind: z.literal('null_rate'),
    event: z.string().min(1),
    property: field,
    above: share,
    window: window.optional(),
    min: min.optional(),
  }),
  knownFields({
    ...BASE,
    kind: z.literal('drift'),
    property: field,
    where: where.optional(),
    above: number(0.01, 100, 'must be a number from 0.01 to 100').optional(),
    window: span(10 * MINUTE_MS, 24 * HOUR_MS, 'from 10m to 24h').optional(),
    days: whole(1, 28).optional(),
    min: min.optional(),
  }),
  knownFields({
    ...BASE,
    kind: z.literal('count_rule'),
    left: choice,
    op: z.enum(COUNT_RULE_OPS),
    right: choice,
    window: window.optional(),
    slack: whole(0, 1_000_000_000).optional(),
  }),
  knownFields({
    ...BASE,
    kind: z.literal('per_key'),
    key: field,
    measure: z.union([z.literal('count'), knownFields({ sum: field })], 'must be "count" or { sum: field }'),
    where: where.optional(),
    window: z.union(
      [z.literal('day'), span(MINUTE_MS, 48 * HOUR_MS, '')],
      'must be a duration from 1m to 48h, or "day"',
    ),
    timeZone: z.custom<string>(isTimeZone, 'must be a time zone such as Europe/Berlin').optional(),
    above: number(-1e15, 1e15, 'must be a number from -1e15 to 1e15'),
  }),
  knownFields({
    ...BASE,
    kind: z.literal('sequence'),
    key: field,
    first: choice,
    then: choice,
    within: span(1_000, 24 * HOUR_MS, 'from 1s to 24h'),
    condition: z.array(ConditionSchema).max(MAX_CONDITIONS, `must be at most ${MAX_CONDITIONS}`).optional(),
    absent: z.literal(true).optional(),
    lookback: span(10 * MINUTE_MS, 24 * HOUR_MS, 'from 10m to 24h').optional(),
  }),
  knownFields({
    ...BASE,
    kind: z.literal('books'),
    olderThan: span(5 * MINUTE_MS, 24 * HOUR_MS, 'from 5m to 24h').optional(),
    above: whole(0, 1_000_000_000).optional(),
  }),
  knownFields({
    ...BASE,
    kind: z.literal('gaps'),
    above: whole(0, 1_000_000_000).optional(),
    aboveShare: share.optional(),
    window: span(5 * MINUTE_MS, 24 * HOUR_MS, 'from 5m to 24h').optional(),
    min: min.optional(),
  }),
])

/** Monitors as a file may have them; what only makes sense together is checked elsewhere. */
export const MonitorsSchema = z.array(MonitorSchema).max(MAX_MONITORS, `must be at most ${MAX_MONITORS}`)

function isTimeZone(value: unknown): boolean {
  if (typeof value !== 'string' || !/^[A-Za-z][A-Za-z0-9_+/-]{1,63}$/.test(value)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: value })
    return true
  } catch {
    // It says so by throwing.
    return false
  }
}
