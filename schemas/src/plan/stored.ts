/**
 * A tracking plan as data that can be kept and compared with later: its schemas as JSON Schema, and beside them the text of
 * what JSON Schema has no words for. Unlike a plan, it is read without running anybody's code.
 */

import { z } from 'zod'
import type { EventType } from '../wire.ts'
import { comparePlans, type EntryComparison, type PlanComparison } from './compatibility.ts'
import {
  type ListedEntry,
  listEntries,
  type PlanEntry,
  type PlanMode,
  type PropertiesEntry,
  schemaOf,
  type TrackingPlan,
} from './plan.ts'
import { type AnySchema, writeCheck, writeSchema } from './schema-text.ts'

/** One entry. */
export interface StoredEntry {
  type: EventType
  /** Only for `track`. */
  event?: string
  version: string
  field: 'properties' | 'traits'
  /** JSON Schema 2020-12 of the field as it is sent. */
  schema: Record<string, unknown>
  /** Refinements, transforms and kinds of values that are not in the schema: where each stands, and its text. */
  besides: string[]
}

/** A plan; it goes through JSON unchanged. */
export interface StoredPlan {
  mode: PlanMode
  refuseUnplanned: boolean
  entries: StoredEntry[]
}

/** Checks and kinds that JSON Schema says and zod reads back. */
const SAID_CHECKS = new Set([
  ...['less_than', 'greater_than', 'multiple_of', 'number_format', 'describe', 'meta'],
  ...['min_length', 'max_length', 'length_equals', 'string_format'],
])
const SAID_KINDS = new Set([
  ...['string', 'number', 'boolean', 'null', 'object', 'array', 'tuple', 'record', 'literal', 'enum'],
  ...['union', 'intersection', 'optional', 'nullable', 'nonoptional', 'readonly', 'default', 'prefault'],
  ...['unknown', 'any', 'never', 'lazy'],
])

const UNREADABLE = '<unreadable>'

/** The plan as data. */
export function storePlan(plan: TrackingPlan): StoredPlan {
  const entries = listEntries(plan).map(({ type, event, entry }): StoredEntry => {
    const { field, schema } = schemaOf(entry)
    const name = { type, ...(event !== undefined && { event }) }
    return { ...name, version: entry.version, field, ...describeSchema(schema) }
  })
  return { mode: plan.mode ?? 'warn', refuseUnplanned: plan.refuseUnplanned === true, entries }
}

function describeSchema(schema: z.ZodType): Pick<StoredEntry, 'schema' | 'besides'> {
  const besides: string[] = []
  const written = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, path }) => void besides.push(...listUnsaid(zodSchema, path.join('/'))),
  })
  return { schema: written as Record<string, unknown>, besides: besides.sort() }
}

function listUnsaid(schema: AnySchema, path: string): string[] {
  const { def } = schema._zod
  const isCoerced = 'coerce' in def && def.coerce === true
  const kind = SAID_KINDS.has(def.type) && !isCoerced ? [] : [`${path}: ${writeSchema(schema).text}`]
  const checks = (def.checks ?? []).filter((check) => !SAID_CHECKS.has(check._zod.def.check))
  return [...kind, ...checks.map((check) => `${path}: ${writeCheck(check).text}`)]
}

/**
 * Compares as `comparePlans` does, with a plan that was kept. Both are compared by their JSON Schemas; where an entry's
 * refinements or transforms are not those of the kept one, what would be `unchanged` or `compatible` is `undecided`.
 */
export function compareStored(before: StoredPlan, after: TrackingPlan): PlanComparison {
  const now = storePlan(after)
  const { entries, notes } = comparePlans(restorePlan(before), restorePlan(now))
  return {
    notes,
    entries: entries.map((entry) => weigh(entry, findEntry(before, entry), findEntry(now, entry))),
  }
}

function findEntry({ entries }: StoredPlan, { type, event }: EntryComparison): StoredEntry | undefined {
  return entries.find((entry) => entry.type === type && entry.event === event)
}

function weigh(
  entry: EntryComparison,
  before: StoredEntry | undefined,
  after: StoredEntry | undefined,
): EntryComparison {
  if (before === undefined || after === undefined || entry.result === 'added' || entry.result === 'removed')
    return entry
  const { type, event } = entry
  const name = { type, ...(event !== undefined && { event }), before: before.version, after: after.version }
  const undecided = (why: string, looksSame: boolean): EntryComparison => ({
    ...name,
    result: 'undecided',
    obstacles: [{ path: after.field, why }],
    looksSame,
  })
  if (restoreSchema(before) === undefined || restoreSchema(after) === undefined)
    return undecided('its JSON Schema cannot be read back', isSame(before.schema, after.schema))
  if (entry.result === 'breaking' || entry.result === 'undecided') return entry
  if (!isSame(before.besides, after.besides))
    return undecided('a refinement or transform is another than before', false)
  if (after.besides.some((text) => text.includes(UNREADABLE)))
    return undecided('a refinement cannot be read, so it may be another than before', true)
  return entry
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** A plan with the same entries, whose schemas are those of the JSON Schemas. */
function restorePlan({ mode, refuseUnplanned, entries }: StoredPlan): TrackingPlan {
  const restored = entries.map((entry): ListedEntry => {
    const schema = restoreSchema(entry) ?? z.looseObject({})
    const { type, event, version, field } = entry
    const info = { version, owner: '-', description: '-', [field]: schema } as unknown as PlanEntry
    return { type, ...(event !== undefined && { event }), entry: info }
  })
  const tracks = restored.filter(({ type }) => type === 'track')
  const others = restored.filter(({ type }) => type !== 'track')
  return {
    ...{ mode, refuseUnplanned },
    events: Object.fromEntries(tracks.map(({ event, entry }) => [event ?? '', entry as PropertiesEntry])),
    ...Object.fromEntries(others.map(({ type, entry }) => [type, entry])),
  }
}

function restoreSchema({ schema }: StoredEntry): z.ZodType | undefined {
  try {
    return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0])
  } catch {
    return undefined // a word of JSON Schema that zod does not take back
  }
}

/** Reads what {@link storePlan} gave after it went through JSON; `undefined` where it is something else. */
export function readStoredPlan(value: unknown): StoredPlan | undefined {
  const result = StoredPlanSchema.safeParse(value)
  return result.success ? (result.data as StoredPlan) : undefined
}

const StoredPlanSchema = z.object({
  mode: z.enum(['enforce', 'warn', 'off']),
  refuseUnplanned: z.boolean(),
  entries: z.array(
    z.object({
      type: z.enum(['track', 'page', 'screen', 'identify', 'group']),
      event: z.string().optional(),
      version: z.string().regex(/^\d+-\d+-\d+$/),
      field: z.enum(['properties', 'traits']),
      schema: z.record(z.string(), z.unknown()),
      besides: z.array(z.string()),
    }),
  ),
})
