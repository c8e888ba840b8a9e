// biome-ignore-all lint/suspicious/noThenProperty: the second event of a sequence is called so, and is no function.
/** Checks the monitors and webhooks of a configuration: the shape by a schema, then what only makes sense together. */

import { z } from 'zod'
import { buildCondition } from '../conditions.ts'
import { FILTER_OPS, MAX_FILTERS } from '../filter-ops.ts'
import { describeSettingIssue, knownFields, textOf } from '../setting-rules.ts'
import { NAME_PATTERN } from '../wire.ts'
import { filterValues } from './check-windows.ts'
import type { WindowDefinition, WindowFilter } from './definition.ts'
import { findEventField } from './event-field.ts'
import {
  COUNT_RULE_OPS,
  MONITOR_STAGES,
  type MonitorDefinition,
  type PerKeyMonitor,
  type SequenceMonitor,
  type ThresholdMonitor,
  type WebhookDefinition,
} from './monitor-definition.ts'
import { parseDuration } from './resolve-window.ts'

/** What monitors are checked against: all names that they can mention. */
export interface MonitorSurroundings {
  windows: readonly WindowDefinition[]
  /** Names of the sources, that of development among them. */
  sources: readonly string[]
  /** Default none. */
  webhooks?: readonly WebhookDefinition[]
}

/** Each is a statement a minute for each source. */
const MAX_MONITORS = 50
const MAX_WEBHOOKS = 10
const MAX_CONDITIONS = 10

/** A monitor's values go into the address of a request to ClickHouse, of which servers take 16 KiB. */
const MAX_ENCODED_LENGTH = 8_000

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

const NAME = textOf(/^[a-z][a-z0-9_]{0,63}$/, 'must be 1 to 64 of a-z, 0-9, "_", beginning with a letter')
const SECRET_VAR = textOf(
  /^[A-Z][A-Z0-9_]{0,127}$/,
  'must be the name of a Worker secret such as ALERTS_SECRET',
)

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
])

const MonitorsSchema = z.array(MonitorSchema).max(MAX_MONITORS, `must be at most ${MAX_MONITORS}`)

const WebhooksSchema = z
  .array(
    knownFields({
      name: textOf(NAME_PATTERN, 'must be 1 to 64 of a-z, 0-9, "-", "_"'),
      url: z
        .custom<string>(isWebhookUrl, 'must be an https: address; http: is for this machine alone')
        .optional(),
      urlVar: SECRET_VAR.optional(),
      secretVar: SECRET_VAR,
    }),
  )
  .max(MAX_WEBHOOKS, `must be at most ${MAX_WEBHOOKS}`)

/**
 * Checks webhooks.
 *
 * @throws RangeError naming the option, the rule and the value
 */
export function checkWebhooks(webhooks: readonly WebhookDefinition[]): void {
  // An address may be as good as a password, so no message has one.
  const issue = describeSettingIssue(WebhooksSchema.safeParse(webhooks).error, webhooks, 'webhooks')
  if (issue !== undefined)
    throw new RangeError(issue.includes('.url must') ? issue.replace(/, got .*/, '') : issue)
  checkNames(webhooks, 'webhooks')
  webhooks.forEach(({ url, urlVar }, index) => {
    if ((url === undefined) !== (urlVar === undefined)) return
    const got = url === undefined ? 'neither' : 'both'
    throw new RangeError(`webhooks[${index}] must have either url or urlVar, got ${got}`)
  })
}

/**
 * Whether a notification may be sent there: `https:`, or `http:` of this machine, without a user name and password, which
 * no request could carry.
 */
export function isWebhookUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { protocol, hostname, username, password } = new URL(value)
  if (username !== '' || password !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname))
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/**
 * Checks monitors.
 *
 * @throws RangeError naming the option, the rule and the value
 */
export function checkMonitors(
  monitors: readonly MonitorDefinition[],
  { windows, sources, webhooks = [] }: MonitorSurroundings,
): void {
  const issue = describeSettingIssue(MonitorsSchema.safeParse(monitors).error, monitors, 'monitors')
  if (issue !== undefined) throw new RangeError(issue)
  checkNames(monitors, 'monitors')
  const names = webhooks.map(({ name }) => name)
  monitors.forEach((monitor, index) => {
    const at = `monitors[${index}]`
    checkKnown(monitor.sources, sources, `${at}.sources`)
    checkKnown(monitor.webhooks, names, `${at}.webhooks`)
    const { length } = encodeURIComponent(JSON.stringify(monitor))
    if (length > MAX_ENCODED_LENGTH)
      throw new RangeError(`${at} must be at most ${MAX_ENCODED_LENGTH} characters long, got ${length}`)
    checkKind(monitor, at, windows)
  })
}

function checkNames(all: readonly { name: string }[], option: string): void {
  const names = new Set<string>()
  all.forEach(({ name }, index) => {
    if (names.has(name)) throw new RangeError(`${option}[${index}].name must be unique, got "${name}" twice`)
    names.add(name)
  })
}

function checkKnown(names: readonly string[] = [], known: readonly string[], option: string): void {
  const other = names.find((name) => !known.includes(name))
  if (other !== undefined)
    throw new RangeError(
      `${option} must be of ${known.join(', ') || 'none, as there are none'}, got "${other}"`,
    )
}

function checkKind(monitor: MonitorDefinition, at: string, windows: readonly WindowDefinition[]): void {
  switch (monitor.kind) {
    case 'threshold':
      checkThreshold(monitor, at, windows)
      break
    case 'drop':
      checkFilters(monitor.where, `${at}.where`)
      break
    case 'null_rate':
      checkField(monitor.property, `${at}.property`)
      break
    case 'drift':
      checkField(monitor.property, `${at}.property`)
      checkFilters(monitor.where, `${at}.where`)
      break
    case 'count_rule':
      checkFilters(monitor.left.where, `${at}.left.where`)
      checkFilters(monitor.right.where, `${at}.right.where`)
      break
    case 'per_key':
      checkPerKey(monitor, at)
      break
    case 'sequence':
      checkSequence(monitor, at)
      break
    default:
  }
}

function checkPerKey(
  { key, measure, where: filters, window: size, timeZone }: PerKeyMonitor,
  at: string,
): void {
  checkField(key, `${at}.key`)
  if (measure !== 'count') checkField(measure.sum, `${at}.measure.sum`, true)
  checkFilters(filters, `${at}.where`)
  if (timeZone === undefined || size === 'day') return
  throw new RangeError(`${at}.timeZone must be absent unless window is "day", got "${timeZone}"`)
}

function checkThreshold(monitor: ThresholdMonitor, at: string, windows: readonly WindowDefinition[]): void {
  const { window: name, measure, group, above, below } = monitor
  const window = windows.find((candidate) => candidate.name === name)
  if (window === undefined) {
    const known = windows.map((candidate) => candidate.name).join(', ')
    throw new RangeError(`${at}.window must be one of ${known}, got ${JSON.stringify(name)}`)
  }
  if (window.window.kind === 'session')
    throw new RangeError(
      `${at}.window must be tumbling or sliding, got the session window ${JSON.stringify(name)}`,
    )
  const measures = numbersOf(window)
  if (!measures.includes(measure))
    throw new RangeError(
      `${at}.measure must be one of ${measures.join(', ')}, got ${JSON.stringify(measure)}`,
    )
  checkBounds(monitor, at)
  const { by = [] } = window
  if (group !== undefined && group.length !== by.length) {
    const rule = `must have a value for each of ${JSON.stringify(by)}`
    throw new RangeError(`${at}.group ${rule}, got ${JSON.stringify(group)}`)
  }
  if (below !== undefined && group === undefined && by.length > 0) {
    const rule = `must name one: below holds for a group that is not there, and which those are nobody knows`
    throw new RangeError(`${at}.group ${rule}, got undefined`)
  }
  if (above !== undefined && above < 0) throw new RangeError(`${at}.above must be 0 or more, got ${above}`)
}

/** Names of a window's measures that are one number. */
function numbersOf({ measures }: WindowDefinition): string[] {
  return Object.entries(measures).flatMap(([name, measure]) => {
    if (measure.kind === 'quantiles') return measure.quantiles.map((quantile) => `${name}.${quantile}`)
    return measure.kind === 'top' ? [] : [name]
  })
}

function checkBounds({ above, below }: { above?: number; below?: number }, at: string): void {
  if ((above === undefined) !== (below === undefined)) return
  throw new RangeError(
    `${at} must have either above or below, got ${above === undefined ? 'neither' : 'both'}`,
  )
}

function checkSequence({ key, first, then, condition = [] }: SequenceMonitor, at: string): void {
  checkField(key, `${at}.key`)
  checkFilters(first.where, `${at}.first.where`)
  checkFilters(then.where, `${at}.then.where`)
  condition.forEach((one, index) => {
    const place = `${at}.condition[${index}]`
    if (one.kind === 'compare') {
      const isNumber = one.op !== 'is' && one.op !== 'is_not'
      checkField(one.first, `${place}.first`, isNumber)
      checkField(one.then, `${place}.then`, isNumber)
    } else {
      checkBounds(one, place)
      for (const end of ['first', 'then'] as const)
        for (const [part, name] of one[end].entries()) checkField(name, `${place}.${end}[${part}]`, true)
    }
  })
}

function checkFilters(filters: readonly WindowFilter[] = [], at: string): void {
  filters.forEach((filter, index) => {
    const place = `${at}[${index}]`
    checkField(filter.field, `${place}.field`)
    const reader = filter.field === 'person_id' ? TEXT : fieldOf(filter.field)
    const built = buildCondition(reader, filter.field, filter.op, filterValues(filter))
    if (!built.ok) throw new RangeError(`${place} ${built.message}`)
  })
}

const TEXT = { isCount: false, text: () => '' }

function fieldOf(name: string) {
  const found = findEventField(name)
  return found.ok ? found.field : TEXT
}

function checkField(name: string, option: string, isNumber = false): void {
  // The warehouse knows whose an event is, and so do monitors that ask it.
  const found = name === 'person_id' ? { ok: true as const, field: TEXT } : findEventField(name)
  if (!found.ok) throw new RangeError(`${option} ${found.message}, got ${JSON.stringify(name)}`)
  if (isNumber && !('number' in found.field))
    throw new RangeError(`${option} must be a field of numbers, got ${JSON.stringify(name)}`)
}

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
