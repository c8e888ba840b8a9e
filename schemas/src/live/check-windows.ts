/** Checks the live windows of a configuration: the shape by a schema, then what only makes sense together. */

import { z } from 'zod'
import { buildCondition } from '../conditions.ts'
import { FILTER_OPS, MAX_FILTERS } from '../filter-ops.ts'
import { describeSettingIssue, knownFields, textOf } from '../setting-rules.ts'
import type { LiveSettings, WindowDefinition, WindowFilter } from './definition.ts'
import { findEventField, isListPath } from './event-field.ts'
import { parseDuration } from './resolve-window.ts'

/** Each is computed for every event, and kept. */
const MAX_WINDOWS = 30
const MAX_MEASURES = 10
const MAX_FIELDS_BY = 3
const MAX_GROUPS = 1_000

/** Longest and shortest span, and most windows that an event is part of. */
const MAX_SIZE_MS = 3_600_000
const MIN_SIZE_MS = 5_000
const MAX_OVERLAP = 120

const NAME = textOf(/^[a-z][a-z0-9_]{0,63}$/, 'must be 1 to 64 of a-z, 0-9, "_", beginning with a letter')

const duration = z.custom<string>(
  (value) => parseDuration(value) !== undefined,
  'must be a duration such as 10s, 5m or 1h',
)

const field = z.string().min(1)

function wholeNumber(max: number) {
  const rule = `must be a whole number from 1 to ${max}`
  return z.int(rule).min(1, rule).max(max, rule)
}

const FilterSchema = knownFields({
  field,
  op: z.enum(FILTER_OPS),
  value: z
    .union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number()])).min(1)])
    .optional(),
})

const SpanSchema = z.discriminatedUnion('kind', [
  knownFields({ kind: z.literal('tumbling'), size: duration }),
  knownFields({ kind: z.literal('sliding'), size: duration, every: duration }),
  knownFields({ kind: z.literal('session'), gap: duration }),
])

const QUANTILE_RULE = 'must be numbers from 0 to 1'

const MeasureSchema = z.discriminatedUnion('kind', [
  knownFields({ kind: z.literal('count') }),
  knownFields({ kind: z.literal('sum'), of: field, times: field.optional() }),
  knownFields({ kind: z.literal('avg'), of: field }),
  knownFields({ kind: z.literal('min'), of: field }),
  knownFields({ kind: z.literal('max'), of: field }),
  knownFields({ kind: z.literal('uniques'), of: field }),
  knownFields({
    kind: z.literal('quantiles'),
    of: field,
    quantiles: z.array(z.number(QUANTILE_RULE).min(0, QUANTILE_RULE).max(1, QUANTILE_RULE)).min(1).max(10),
  }),
  knownFields({ kind: z.literal('top'), of: field, limit: wholeNumber(100).optional() }),
])

const WindowSchema = knownFields({
  name: NAME,
  title: z.string().min(1).max(100).optional(),
  where: z.array(FilterSchema).max(MAX_FILTERS, `must be at most ${MAX_FILTERS} conditions`).optional(),
  by: z.array(field).max(MAX_FIELDS_BY, `must be at most ${MAX_FIELDS_BY} fields`).optional(),
  each: z.string().optional(),
  window: SpanSchema,
  measures: z.record(NAME, MeasureSchema),
  maxGroups: wholeNumber(MAX_GROUPS).optional(),
  sources: z.array(z.string()).min(1).optional(),
})

const WindowsSchema = z.array(WindowSchema).max(MAX_WINDOWS, `must be at most ${MAX_WINDOWS}`)

const LiveSettingsSchema = knownFields({
  allowedLateness: duration.optional(),
  retention: duration.optional(),
})

/**
 * Checks window definitions.
 *
 * @param sources names of the sources that there are
 * @throws RangeError naming the option, the rule and the value
 */
export function checkWindows(windows: readonly WindowDefinition[], sources: readonly string[]): void {
  const issue = describeSettingIssue(WindowsSchema.safeParse(windows).error, windows, 'windows')
  if (issue !== undefined) throw new RangeError(issue)
  const names = new Set<string>()
  windows.forEach((window, index) => {
    const at = `windows[${index}]`
    if (names.has(window.name)) throw new RangeError(`${at}.name must be unique, got "${window.name}" twice`)
    names.add(window.name)
    checkWindow(window, at)
    for (const source of window.sources ?? []) {
      if (!sources.includes(source))
        throw new RangeError(
          `${at}.sources must be of ${sources.join(', ') || 'no source yet'}, got "${source}"`,
        )
    }
  })
}

/**
 * Checks how long windows wait and are kept.
 *
 * @throws RangeError naming the option, the rule and the value
 */
export function checkLiveSettings(settings: LiveSettings): void {
  const issue = describeSettingIssue(LiveSettingsSchema.safeParse(settings).error, settings, 'live')
  if (issue !== undefined) throw new RangeError(issue)
  checkSpan(settings.allowedLateness, 'live.allowedLateness', [1_000, 600_000], 'from 1s to 10m')
  checkSpan(settings.retention, 'live.retention', [600_000, 21_600_000], 'from 10m to 6h')
}

function checkWindow({ window, each, by = [], where = [], measures }: WindowDefinition, at: string): void {
  const range = [MIN_SIZE_MS, MAX_SIZE_MS] as const
  if (window.kind === 'session') {
    checkSpan(window.gap, `${at}.window.gap`, range, 'from 5s to 1h')
    if (by.length === 0) throw new RangeError(`${at}.by must say whose session it is, such as ["visitor_id"]`)
  } else {
    checkSpan(window.size, `${at}.window.size`, range, 'from 5s to 1h')
  }
  if (window.kind === 'sliding') checkSliding(window, at, range)
  if (each !== undefined && !isListPath(each))
    throw new RangeError(`${at}.each must be a path such as properties.products, got ${JSON.stringify(each)}`)
  const hasItems = each !== undefined
  for (const [index, name] of by.entries()) requireField(name, `${at}.by[${index}]`, hasItems)
  for (const [index, filter] of where.entries()) checkFilter(filter, `${at}.where[${index}]`, hasItems)
  checkMeasures(measures, `${at}.measures`, hasItems)
}

function checkSliding(
  { size, every }: { size: string; every: string },
  at: string,
  range: readonly [number, number],
): void {
  checkSpan(every, `${at}.window.every`, range, 'from 5s to 1h')
  const overlap = (parseDuration(size) ?? 0) / (parseDuration(every) ?? 1)
  if (!Number.isInteger(overlap) || overlap < 2 || overlap > MAX_OVERLAP) {
    const rule = `must divide the size ${size} into 2 to ${MAX_OVERLAP} parts`
    throw new RangeError(`${at}.window.every ${rule}, got ${JSON.stringify(every)}`)
  }
}

function checkSpan(
  text: string | undefined,
  option: string,
  [min, max]: readonly [number, number],
  words: string,
): void {
  if (text === undefined) return
  const ms = parseDuration(text) ?? 0
  if (ms < min || ms > max) throw new RangeError(`${option} must be ${words}, got ${JSON.stringify(text)}`)
}

function checkMeasures(measures: WindowDefinition['measures'], at: string, hasItems: boolean): void {
  const entries = Object.entries(measures)
  if (entries.length === 0) throw new RangeError(`${at} must hold at least one measure`)
  if (entries.length > MAX_MEASURES) throw new RangeError(`${at} must hold at most ${MAX_MEASURES} measures`)
  for (const [name, measure] of entries) {
    if (measure.kind === 'count') continue
    const isOfText = measure.kind === 'uniques' || measure.kind === 'top'
    if (isOfText) requireField(measure.of, `${at}.${name}.of`, hasItems)
    else requireNumber(measure.of, `${at}.${name}.of`, hasItems)
    if (measure.kind === 'sum' && measure.times !== undefined)
      requireNumber(measure.times, `${at}.${name}.times`, hasItems)
  }
}

function checkFilter(filter: WindowFilter, at: string, hasItems: boolean): void {
  const field = requireField(filter.field, `${at}.field`, hasItems)
  const built = buildCondition(field, filter.field, filter.op, filterValues(filter))
  if (!built.ok) throw new RangeError(`${at} ${built.message}`)
}

function requireNumber(name: string, option: string, hasItems: boolean): void {
  const { number } = requireField(name, option, hasItems)
  if (number === undefined)
    throw new RangeError(`${option} must be a field of numbers, got ${JSON.stringify(name)}`)
}

function requireField(name: string, option: string, hasItems: boolean) {
  const found = findEventField(name, hasItems)
  if (!found.ok) throw new RangeError(`${option} ${found.message}, got ${JSON.stringify(name)}`)
  return found.field
}

/** The values of a filter as text. */
export function filterValues({ value }: WindowFilter): string[] {
  if (value === undefined) return []
  return (Array.isArray(value) ? value : [value]).map(String)
}
