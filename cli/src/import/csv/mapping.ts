/** The mapping of a CSV file: which column goes where, as what; from a JSON file and from options. Pure. */

import type { JsonValue } from '@millrace/schemas/wire'
import { CELL_KINDS, type CellKind } from './kinds.ts'
import { isWholeObject, parseTarget, type Target } from './targets.ts'

/** Where one column goes. */
export interface ColumnRule {
  target: Target
  kind: CellKind
}

/** A mapping. */
export interface Mapping {
  /** By name of the column; `undefined` when it is left out. */
  columns: ReadonlyMap<string, ColumnRule | undefined>
  /** Values that every event has, unless a cell says otherwise. */
  constants: readonly (readonly [target: Target, value: JsonValue])[]
}

/** No column is named. */
export const EMPTY_MAPPING: Mapping = { columns: new Map(), constants: [] }

/** What is wrong with a mapping. The message says where. */
export class MappingError extends Error {}

const PLACES =
  'type, event, name, category, userId, anonymousId, messageId, groupId, previousId, timestamp, or a key of properties, traits, context or integrations such as properties.total'

/**
 * Reads `{ "columns": { "Order no": "messageId", "total": { "to": "properties.total", "type": "number" }, "note": null },
 * "constants": { "event": "Order Completed" } }`.
 *
 * @throws MappingError naming the place in it and what may stand there
 */
export function parseMapping(value: unknown): Mapping {
  const root = requireObject(value, 'the mapping')
  for (const key of Object.keys(root)) {
    if (key !== 'columns' && key !== 'constants') {
      throw new MappingError(`the mapping may have columns and constants, got ${JSON.stringify(key)}`)
    }
  }
  const columns = Object.entries(requireObject(root['columns'] ?? {}, 'columns'))
  const constants = Object.entries(requireObject(root['constants'] ?? {}, 'constants'))
  return {
    columns: new Map(columns.map(([column, rule]) => [column, parseRule(rule, `columns.${column}`)])),
    constants: constants.map(
      ([target, constant]) => [requireTarget(target, `constants.${target}`), constant as JsonValue] as const,
    ),
  }
}

/** The rule that `COLUMN=TARGET` or `COLUMN=TARGET:KIND` stands for. @throws MappingError */
export function parseColumnOption(text: string): readonly [column: string, rule: ColumnRule] {
  const at = text.lastIndexOf('=')
  if (at < 1) throw new MappingError(`--column must be such as total=properties.total:number, got ${text}`)
  const [to = '', kind] = text.slice(at + 1).split(':')
  const rule = buildRule(to, kind, `--column ${text}`)
  return [text.slice(0, at), rule]
}

/** The constant that `TARGET=TEXT` stands for. @throws MappingError */
export function parseConstantOption(text: string): readonly [target: Target, value: string] {
  const at = text.indexOf('=')
  if (at < 1) throw new MappingError(`--constant must be such as event=Signup, got ${text}`)
  return [requireTarget(text.slice(0, at), `--constant ${text}`), text.slice(at + 1)]
}

function parseRule(rule: unknown, where: string): ColumnRule | undefined {
  if (rule === null) return undefined
  if (typeof rule === 'string') return buildRule(rule, undefined, where)
  const { to, type, ...others } = requireObject(rule, where)
  const [other] = Object.keys(others)
  if (other !== undefined)
    throw new MappingError(`${where} may have to and type, got ${JSON.stringify(other)}`)
  return buildRule(to, type, where)
}

function buildRule(to: unknown, kind: unknown, where: string): ColumnRule {
  const target = requireTarget(to, where)
  return { target, kind: kind === undefined ? kindOf(target) : requireKind(kind, target, where) }
}

/** The kind of a column for which none is given. */
export function kindOf(target: Target): CellKind {
  if (isWholeObject(target)) return 'json'
  return target[0] === 'timestamp' ? 'date' : 'string'
}

function requireKind(kind: unknown, target: Target, where: string): CellKind {
  const found = CELL_KINDS.find((name) => name === kind)
  if (found === undefined) {
    throw new MappingError(`${where}: the type must be one of ${CELL_KINDS.join(', ')}, got ${show(kind)}`)
  }
  if (isWholeObject(target) && found !== 'json') {
    throw new MappingError(`${where}: ${target[0]} as a whole must be of type json, got ${found}`)
  }
  return found
}

function requireTarget(to: unknown, where: string): Target {
  const target = typeof to === 'string' ? parseTarget(to) : undefined
  if (target !== undefined) return target
  throw new MappingError(`${where} must name one of ${PLACES}, got ${show(to)}`)
}

function requireObject(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw new MappingError(`${where} must be an object, got ${show(value)}`)
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
