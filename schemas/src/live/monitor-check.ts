/** Checks the monitors of a configuration: the shape by a schema, then what only makes sense together. */

import { buildCondition } from '../conditions.ts'
import { describeSettingIssue } from '../setting-rules.ts'
import { filterValues } from './check-windows.ts'
import type { Duration, LiveSettings, WindowDefinition, WindowFilter } from './definition.ts'
import { findEventField } from './event-field.ts'
import type {
  GapsMonitor,
  MonitorDefinition,
  PerKeyMonitor,
  SequenceMonitor,
  ThresholdMonitor,
  WebhookDefinition,
} from './monitor-definition.ts'
import { MonitorsSchema } from './monitor-schema.ts'
import { checkNames } from './names-check.ts'
import { resolveLivePlan, resolveWindow } from './resolve-window.ts'

/** What monitors are checked against: all names that they can mention. */
export interface MonitorSurroundings {
  windows: readonly WindowDefinition[]
  /** Names of the sources, that of development among them. */
  sources: readonly string[]
  /** Default none. */
  webhooks?: readonly WebhookDefinition[]
  /** How long windows are kept. Default as without such settings. */
  live?: LiveSettings
}

/** Windows become final by the cron, where nothing else does it: so long the first of several must be kept after the last ended. */
const CRON_MS = 60_000

/** A monitor's values go into the address of a request to ClickHouse, of which servers take 16 KiB. */
const MAX_ENCODED_LENGTH = 8_000

/**
 * Checks monitors.
 *
 * @throws RangeError naming the option, the rule and the value
 */
export function checkMonitors(
  monitors: readonly MonitorDefinition[],
  surroundings: MonitorSurroundings,
): void {
  const { sources, webhooks = [] } = surroundings
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
    checkKind(monitor, at, surroundings)
  })
}

function checkKnown(names: readonly string[] = [], known: readonly string[], option: string): void {
  const other = names.find((name) => !known.includes(name))
  if (other !== undefined)
    throw new RangeError(
      `${option} must be of ${known.join(', ') || 'none, as there are none'}, got "${other}"`,
    )
}

function checkKind(monitor: MonitorDefinition, at: string, surroundings: MonitorSurroundings): void {
  switch (monitor.kind) {
    case 'threshold':
      checkThreshold(monitor, at, surroundings)
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
    case 'gaps':
      checkLimit(monitor, at)
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

function checkThreshold(monitor: ThresholdMonitor, at: string, { windows, live }: MonitorSurroundings): void {
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
  checkKept(monitor, at, window, live)
}

/** What is forgotten before it can be judged would never be known. */
function checkKept(
  { forWindows = 1 }: ThresholdMonitor,
  at: string,
  window: WindowDefinition,
  live: LiveSettings | undefined,
): void {
  const { retentionMs } = resolveLivePlan([], live, '')
  const { everyMs } = resolveWindow(window)
  const most = Math.floor((retentionMs - CRON_MS) / everyMs) + 1
  if (forWindows <= most) return
  const why = `as one begins every ${textOf(everyMs)} and is kept for ${textOf(retentionMs)} (live.retention)`
  throw new RangeError(`${at}.forWindows must be at most ${most}, ${why}, got ${forWindows}`)
}

function textOf(ms: number): Duration {
  return ms % 60_000 === 0 ? `${ms / 60_000}m` : `${ms / 1_000}s`
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

function checkLimit({ above, aboveShare }: GapsMonitor, at: string): void {
  if ((above === undefined) !== (aboveShare === undefined)) return
  const got = above === undefined ? 'neither' : 'both'
  throw new RangeError(`${at} must have either above or aboveShare, got ${got}`)
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
