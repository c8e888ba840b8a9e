/** Checks the monitors of a configuration: the shape by a schema, then what only makes sense together. */

import { buildCondition } from '../conditions.ts'
import { describeSettingIssue } from '../setting-rules.ts'
import { filterValues } from './check-windows.ts'
import type { WindowDefinition, WindowFilter } from './definition.ts'
import { findEventField } from './event-field.ts'
import type {
  MonitorDefinition,
  PerKeyMonitor,
  SequenceMonitor,
  ThresholdMonitor,
  WebhookDefinition,
} from './monitor-definition.ts'
import { MonitorsSchema } from './monitor-schema.ts'
import { checkNames } from './names-check.ts'

/** What monitors are checked against: all names that they can mention. */
export interface MonitorSurroundings {
  windows: readonly WindowDefinition[]
  /** Names of the sources, that of development among them. */
  sources: readonly string[]
  /** Default none. */
  webhooks?: readonly WebhookDefinition[]
}

/** A monitor's values go into the address of a request to ClickHouse, of which servers take 16 KiB. */
const MAX_ENCODED_LENGTH = 8_000

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
