/** A mapping applied to the header of one file: what each cell of a row becomes. Pure. */

import type { JsonObject } from '@millrace/schemas/wire'
import { isEventType, malformed } from '../check-event.ts'
import { type Malformed, UnusableInputError } from '../format.ts'
import { readCell } from './kinds.ts'
import { type ColumnRule, kindOf, type Mapping } from './mapping.ts'
import { isWithin, putValue, type Target, targetOfName } from './targets.ts'

/** Makes events of rows. */
export interface RowPlan {
  /** The object that the row stands for, to be checked as an event; or the cell that is wrong. */
  build(cells: readonly string[]): { ok: true; event: JsonObject } | { ok: false; why: Malformed }
}

/** Options of {@link planRows}. */
export interface PlanOptions {
  mapping: Mapping
  /** Whether columns that are neither mapped nor named like a field are left out. */
  onlyMapped: boolean
  delimiter: string
}

/** Longest part of a cell that is shown, in characters. */
const MAX_SHOWN = 40

/** Columns to be read, with their place in the row. */
type PlannedColumn = { index: number; name: string; rule: ColumnRule }

/**
 * The plan. Columns that are not mapped go where their name says (`userId`, `properties.total`), else as text to
 * `properties`, or in events about a person or a group to `traits`. Empty cells are left out. What no cell says is what the
 * constants say, and the type is `track`.
 *
 * @throws UnusableInputError when header and mapping do not fit
 */
export function planRows(
  header: readonly string[],
  { mapping, onlyMapped, delimiter }: PlanOptions,
): RowPlan {
  requireHeader(header, delimiter)
  requireColumns(header, mapping)
  const planned: PlannedColumn[] = []
  const free: { index: number; name: string }[] = []
  for (const [index, name] of header.entries()) {
    const rule = mapping.columns.has(name) ? mapping.columns.get(name) : ruleOfName(name)
    if (rule !== undefined) planned.push({ index, name, rule })
    else if (!mapping.columns.has(name) && !onlyMapped) free.push({ index, name })
  }
  requireTargets(planned, mapping)
  return {
    build(cells) {
      const event: JsonObject = {}
      for (const { index, name, rule } of planned) {
        const text = cells[index] ?? ''
        if (text === '') continue
        const cell = readCell(text, rule.kind)
        if (!cell.ok) return { ok: false, why: wrongCell(name, text, cell.rule) }
        putValue(event, rule.target, cell.value)
      }
      for (const [target, value] of mapping.constants) putDefault(event, target, value)
      putDefault(event, ['type'], 'track')
      putFree(event, cells, free)
      return { ok: true, event }
    },
  }
}

function ruleOfName(name: string): ColumnRule | undefined {
  const target = targetOfName(name)
  return target === undefined ? undefined : { target, kind: kindOf(target) }
}

function putDefault(event: JsonObject, target: Target, value: Mapping['constants'][number][1]): void {
  let at: unknown = event
  for (const key of target) {
    at = typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as JsonObject)[key] : undefined
  }
  // A copy, because other cells of the row may be put into it.
  if (at === undefined || typeof value === 'object') putValue(event, target, structuredClone(value))
}

function putFree(
  event: JsonObject,
  cells: readonly string[],
  free: readonly { index: number; name: string }[],
): void {
  const { type } = event
  if (type === 'alias') return
  const home = type === 'identify' || type === 'group' ? 'traits' : 'properties'
  for (const { index, name } of free) {
    const text = cells[index] ?? ''
    if (text !== '') putValue(event, [home, name], text)
  }
}

function wrongCell(column: string, text: string, rule: string): Malformed {
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
  return malformed(
    `wrong cell: ${column}`,
    `column ${JSON.stringify(column)} must be ${rule}, got ${JSON.stringify(shown)}`,
  )
}

function requireHeader(header: readonly string[], delimiter: string): void {
  const repeated = header.find((name, index) => header.indexOf(name) !== index)
  if (header.includes('')) throw new UnusableInputError('a column of its header has no name')
  if (repeated !== undefined) {
    throw new UnusableInputError(`two columns have the name ${JSON.stringify(repeated)}`)
  }
  const [only = ''] = header
  const other = [',', ';', '\t', '|'].find((sign) => sign !== delimiter && only.includes(sign))
  if (header.length === 1 && other !== undefined) {
    throw new UnusableInputError(
      `its header is one column, ${JSON.stringify(only)}: give --delimiter ${JSON.stringify(other)}`,
    )
  }
}

function requireColumns(header: readonly string[], { columns }: Mapping): void {
  const missing = [...columns.keys()].filter((name) => !header.includes(name))
  if (missing.length === 0) return
  const names = (list: readonly string[]) => list.map((name) => JSON.stringify(name)).join(', ')
  throw new UnusableInputError(
    `it has no column ${names(missing)}, which the mapping names; it has ${names(header)}`,
  )
}

function requireTargets(planned: readonly PlannedColumn[], { constants }: Mapping): void {
  const taken = new Map<string, string>()
  for (const { name, rule } of planned) {
    const place = rule.target.join('.')
    const before = taken.get(place)
    if (before !== undefined) {
      throw new UnusableInputError(
        `the columns ${JSON.stringify(before)} and ${JSON.stringify(name)} both go to ${place}`,
      )
    }
    taken.set(place, name)
  }
  const targets = [...planned.map(({ rule }) => rule.target), ...constants.map(([target]) => target)]
  for (const inner of targets) {
    const outer = targets.find((target) => isWithin(inner, target))
    if (outer !== undefined) {
      throw new UnusableInputError(`${outer.join('.')} and ${inner.join('.')} cannot both be there`)
    }
  }
  const type = constants.find(([[name]]) => name === 'type')?.[1]
  if (type !== undefined && !(typeof type === 'string' && isEventType(type))) {
    throw new UnusableInputError(`the constant type is no type of event: ${JSON.stringify(type)}`)
  }
}
