/** Joins rows of lookup tables onto events, as the configuration says. Where the tables come from is the cache's business. */

import type { JsonObject, LookupFacts, LookupJoin } from '@millrace/schemas'
import { byteLength, MAX_EVENT_BYTES } from '@millrace/schemas'
import { createLookupCache, type LookupCacheOptions } from './lookup-cache.ts'
import { lookupKey, type StoredLookup } from './lookup-store.ts'
import { ANY, readPath, readPathAll } from './paths.ts'

/** What is read of an event: its type, its name, and wherever a join's path leads. */
export interface LookupEvent {
  type: string
  event?: string | undefined
  context?: JsonObject | undefined
}

/** Joins by name; absent when nothing was found. */
export type LookupAnswer = Record<string, LookupFacts> | undefined

/** Joins rows onto events. */
export interface Lookups {
  /**
   * The rows for one event, by the join's `as` or the table's name. A promise only while a table is being loaded for the
   * first time in this isolate; it never rejects, and after `loadTimeoutMs` the event goes on without.
   *
   * Where the path has a `*`, `row` is an array in the order of the items, `null` for those without a row. Keys are
   * compared as text. A join that finds no row at all, or more than {@link MAX_JOINED_BYTES}, is left out.
   *
   * @param source whose tables they are
   * @param event with its `context` already merged, if a path leads there
   * @param waitUntil keeps a load going when the request is over
   */
  join: (
    source: string,
    joins: readonly LookupJoin[],
    event: LookupEvent,
    waitUntil: (promise: Promise<unknown>) => void,
  ) => LookupAnswer | Promise<LookupAnswer>
}

/** Most bytes of rows that one event gets: an envelope must hold the event and its rows. */
export const MAX_JOINED_BYTES = MAX_EVENT_BYTES

/** Bytes of `null` and a comma. */
const NULL_BYTES = 5

/** A join, ready. */
interface Join {
  table: string
  as: string
  steps: readonly string[]
  isMany: boolean
  /** Event names and types; `undefined` for all. */
  events: ReadonlySet<string> | undefined
}

/** Creates the joins of an isolate, with its cache. */
export function createLookups(options: LookupCacheOptions): Lookups {
  const cache = createLookupCache(options)
  const compiled = new WeakMap<readonly LookupJoin[], Join[]>()
  const compile = (joins: readonly LookupJoin[]): Join[] => {
    const ready = joins.map(compileJoin)
    compiled.set(joins, ready)
    return ready
  }
  return {
    join(source, joins, event, waitUntil) {
      const wanted = (compiled.get(joins) ?? compile(joins)).filter((join) => isFor(join, event))
      if (wanted.length === 0) return undefined
      const keys = wanted.map(({ table }) => lookupKey(source, table))
      const found = keys.map((key) => cache.find(key, waitUntil))
      const joinAll = (tables: readonly (StoredLookup | undefined)[]) =>
        joinRows(wanted, tables, event, (index) => {
          cache.warn(keys[index] ?? '', { event: 'lookup_too_large', maxBytes: MAX_JOINED_BYTES })
        })
      return isAllThere(found) ? joinAll(found) : Promise.all(found).then(joinAll)
    },
  }
}

function compileJoin({ table, on, events, as = table }: LookupJoin): Join {
  const steps = on.split('.')
  const names = events === undefined ? undefined : new Set(events)
  return { table, as, steps, isMany: steps.includes(ANY), events: names }
}

function isFor({ events }: Join, { type, event }: LookupEvent): boolean {
  if (events === undefined || events.has(type)) return true
  return type === 'track' && event !== undefined && events.has(event)
}

function isAllThere<T>(found: readonly (T | Promise<T>)[]): found is readonly T[] {
  return !found.some((table) => table instanceof Promise)
}

function joinRows(
  joins: readonly Join[],
  tables: readonly (StoredLookup | undefined)[],
  event: LookupEvent,
  onTooLarge: (index: number) => void,
): LookupAnswer {
  let answer: LookupAnswer
  let bytesLeft = MAX_JOINED_BYTES
  for (const [index, join] of joins.entries()) {
    const stored = tables[index]
    if (stored === undefined) continue
    const texts = findRows(join, stored, event)
    if (texts.every((text) => text === undefined)) continue
    const bytes = texts.reduce((sum, text) => sum + (text === undefined ? NULL_BYTES : byteLength(text)), 0)
    if (bytes > bytesLeft) {
      onTooLarge(index)
      continue
    }
    bytesLeft -= bytes
    const rows = texts.map(parseRow)
    answer ??= {}
    answer[join.as] = { version: stored.version, row: join.isMany ? rows : (rows[0] ?? {}) }
  }
  return answer
}

/** Texts of the rows, in the order of the keys. */
function findRows({ steps, isMany }: Join, { table }: StoredLookup, event: LookupEvent) {
  const keys = isMany ? readPathAll(event, steps) : [readPath(event, steps)]
  return keys.map((key) => {
    const isKey = typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean'
    return isKey ? table.rows.get(String(key)) : undefined
  })
}

function parseRow(text: string | undefined): JsonObject | null {
  return text === undefined ? null : (JSON.parse(text) as JsonObject)
}
