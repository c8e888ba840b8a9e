/** The fields of an event that live windows and the event stream can name, read from its row before it is stored. Pure. */

import type { FieldReader } from '../conditions.ts'
import { LAKE_COLUMNS } from '../lake/columns.ts'
import type { Row } from '../native/native.ts'
import { isPath, MAX_PATH_STEPS, numberOf, storedText, valueAt } from '../stored-text.ts'

/** An event as its row, and the item of its list that is looked at, where there is one. */
export interface EventView {
  row: Row
  item?: unknown
}

/** A field of an event. */
export type EventField = FieldReader<[event: EventView]>

/** Outcome of {@link findEventField}. */
export type EventFieldResult = { ok: true; field: EventField } | { ok: false; message: string }

/** Columns whose paths are fields, as `properties.plan`. */
const OBJECTS = ['properties', 'traits', 'context', 'lookups']

/** What windows keep is seen by all who have the read token, and an address is no group of events. */
const PRIVATE: ReadonlySet<string> = new Set(['ip', 'user_agent', 'click_id', 'client_anonymous_id'])

const COLUMNS: ReadonlyMap<string, boolean> = new Map(
  LAKE_COLUMNS.filter(({ kind, name }) => /^(text|count|truth)$/.test(kind) && !PRIVATE.has(name)).map(
    ({ name, kind }) => [name, kind === 'count'],
  ),
)

/** Names of the fields, without paths. */
export const EVENT_FIELD_NAMES: readonly string[] = ['visitor_id', ...COLUMNS.keys()]

/**
 * The field of that name; what is wrong with it is told in words that follow it. `visitor_id` is the anonymous id, else the
 * user id, as in questions.
 *
 * @param hasItems whether `item.…` is a field
 */
export function findEventField(name: string, hasItems = false): EventFieldResult {
  if (name === 'visitor_id') {
    const text = ({ row }: EventView) => String(row['anonymous_id'] || row['user_id'] || '')
    return { ok: true, field: { isCount: false, text } }
  }
  const isCount = COLUMNS.get(name)
  if (isCount !== undefined) return { ok: true, field: readColumn(name, isCount) }
  if (name === 'item' && hasItems) return { ok: true, field: readPath(({ item }) => item, []) }
  const [object = '', ...steps] = name.split('.')
  if (OBJECTS.includes(object) || (object === 'item' && hasItems)) {
    if (!isPath(steps))
      return {
        ok: false,
        message: `must be a path of at most ${MAX_PATH_STEPS} keys, such as ${object}.plan`,
      }
    return {
      ok: true,
      field: readPath(object === 'item' ? ({ item }) => item : ({ row }) => row[object], steps),
    }
  }
  if (name === 'person_id')
    return {
      ok: false,
      message: 'must be another field: whose an event is only the warehouse knows; see visitor_id',
    }
  const items = hasItems ? ', item.' : ''
  const known = `${EVENT_FIELD_NAMES.join(', ')}, or a path such as properties.plan (also traits., context., lookups.${items})`
  return { ok: false, message: `must be one of ${known}` }
}

/** Reads the items of the list at a path; an event without the list has none. */
export function readItems(path: string): (row: Row) => readonly unknown[] {
  const [object = '', ...steps] = path.split('.')
  return (row) => {
    const list = valueAt(row[object], steps)
    return Array.isArray(list) ? list : []
  }
}

/** Whether a list can be at this path. */
export function isListPath(path: string): boolean {
  const [object = '', ...steps] = path.split('.')
  return OBJECTS.includes(object) && isPath(steps)
}

function readColumn(name: string, isCount: boolean): EventField {
  const text = ({ row }: EventView) => String(row[name] ?? '')
  return isCount ? { isCount, text, number: ({ row }) => Number(row[name] ?? 0) } : { isCount, text }
}

function readPath(read: (event: EventView) => unknown, steps: readonly string[]): EventField {
  const text = (event: EventView) => storedText(valueAt(read(event), steps))
  return { isCount: false, text, number: (event) => numberOf(text(event)) }
}
