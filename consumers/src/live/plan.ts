/** A source's live plan, made ready to be used: definitions with their conditions, fields and measures. */

import {
  buildCondition,
  type EventField,
  type EventView,
  filterValues,
  findEventField,
  type LivePlan,
  type ResolvedWindow,
  readItems,
} from '@millrace/schemas/live'
import murmurhash from 'murmurhash'
import { createMeasure, type Measure } from './measures/measure.ts'

export type { ResolvedLiveSettings } from '@millrace/schemas/live'

/** A definition that can be used. */
export interface CompiledWindow {
  /** Name and hash of the definition: another definition of the same name has another id. */
  id: string
  definition: ResolvedWindow
  /** Names of the measures, in order. */
  measureNames: string[]
  measures: Measure[]
  by: EventField[]
  /** Whether an event, or an item of it, is counted. */
  matches: (event: EventView) => boolean
  /** What is looked at of an event: itself, or its items. */
  viewsOf: (row: EventView['row']) => EventView[]
}

/**
 * Compiles a definition.
 *
 * @throws RangeError for fields and conditions that there are not; the configuration was checked
 */
export function compileWindow(definition: ResolvedWindow): CompiledWindow {
  const hasItems = definition.each !== ''
  const entries = Object.entries(definition.measures)
  const groupCount = definition.by.length === 0 ? 1 : definition.maxGroups
  const itemsOf = hasItems ? readItems(definition.each) : undefined
  const conditions = definition.where.map((filter) => {
    const built = buildCondition(
      fieldOf(filter.field, hasItems),
      filter.field,
      filter.op,
      filterValues(filter),
    )
    if (!built.ok) throw new RangeError(`where ${built.message}`)
    return built.condition
  })
  return {
    id: `${definition.name}:${murmurhash.v3(JSON.stringify({ ...definition, title: '' })).toString(16)}`,
    definition,
    measureNames: entries.map(([name]) => name),
    measures: entries.map(([, measure]) => createMeasure(measure, hasItems, groupCount)),
    by: definition.by.map((name) => fieldOf(name, hasItems)),
    matches: (event) => conditions.every((condition) => condition(event)),
    viewsOf:
      itemsOf === undefined ? (row) => [{ row }] : (row) => itemsOf(row).map((item) => ({ row, item })),
  }
}

/** A plan as the object that keeps windows needs it. */
export interface CompiledPlan {
  latenessMs: number
  retentionMs: number
  windows: CompiledWindow[]
}

/** Compiles the definitions of a plan. */
export function compilePlan({ windows, ...settings }: LivePlan): CompiledPlan {
  return { ...settings, windows: windows.map(compileWindow) }
}

function fieldOf(name: string, hasItems: boolean): EventField {
  const found = findEventField(name, hasItems)
  if (!found.ok) throw new RangeError(`field ${found.message}, got ${JSON.stringify(name)}`)
  return found.field
}
