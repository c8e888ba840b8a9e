/** What a window measures: how each kind begins, takes an event, is merged, stored and read. */

import {
  type EventField,
  type EventView,
  findEventField,
  type MeasureValue,
  type WindowMeasure,
} from '@millrace/schemas/live'
import { addToSum, createSum, mergeSum, readAverage, readSum, type Sum } from './numbers.ts'
import {
  addNumber,
  createQuantiles,
  decodeQuantiles,
  type EncodedQuantiles,
  encodeQuantiles,
  mergeQuantiles,
  type Quantiles,
  readQuantiles,
} from './quantiles.ts'
import {
  addValue,
  createTop,
  decodeTop,
  type EncodedTop,
  encodeTop,
  MAX_COUNTERS,
  mergeTop,
  readTop,
  type Top,
} from './top.ts'
import {
  addHash,
  countUniques,
  createUniques,
  decodeUniques,
  type EncodedUniques,
  encodeUniques,
  hashValue,
  mergeUniques,
  type Uniques,
} from './uniques.ts'

/** What a measure holds; its kind says which. Of a count nothing: a group counts its events itself. */
export type MeasureState = null | Sum | Extreme | Uniques | Quantiles | Top

/** The smallest or the largest so far. */
interface Extreme {
  value: number | null
}

/** A kind of measure, for one field. */
export interface Measure {
  kind: WindowMeasure['kind']
  create: () => MeasureState
  /** Takes an event, or an item of one. */
  add: (state: MeasureState, event: EventView) => void
  /** Adds the second to the first, which changes; the second stays as it is. */
  merge: (into: MeasureState, from: MeasureState) => void
  /** As JSON: the same state always gives the same text. */
  encode: (state: MeasureState) => unknown
  decode: (encoded: unknown) => MeasureState
  /** @param events that the group counted */
  read: (state: MeasureState, events: number) => MeasureValue
}

/** Entries of a `top` where the definition does not say. */
const DEFAULT_TOP = 10

/** Counters of all groups of a pane together; each has at least twice the entries that are read. */
const COUNTERS_A_PANE = 20_000

/**
 * The measure of a definition.
 *
 * @param hasItems whether it is of items of a list
 * @param maxGroups how many of it there may be in a pane
 * @throws RangeError for a field that there is not; the configuration was checked
 */
export function createMeasure(definition: WindowMeasure, hasItems: boolean, maxGroups = 1): Measure {
  const fieldOf = (name: string) => {
    const found = findEventField(name, hasItems)
    if (!found.ok) throw new RangeError(`field ${found.message}, got ${JSON.stringify(name)}`)
    return found.field
  }
  switch (definition.kind) {
    case 'count':
      return COUNT
    case 'sum':
      return ofSums('sum', readProduct(fieldOf(definition.of), optional(definition.times, fieldOf)), readSum)
    case 'avg':
      return ofSums('avg', numberIn(fieldOf(definition.of)), readAverage)
    case 'min':
      return ofExtremes('min', numberIn(fieldOf(definition.of)), Math.min)
    case 'max':
      return ofExtremes('max', numberIn(fieldOf(definition.of)), Math.max)
    case 'uniques':
      return ofUniques(fieldOf(definition.of))
    case 'quantiles':
      return ofQuantiles(numberIn(fieldOf(definition.of)), definition.quantiles)
    case 'top':
      return ofTop(fieldOf(definition.of), definition.limit ?? DEFAULT_TOP, maxGroups)
  }
}

type ReadNumber = (event: EventView) => number | undefined

function optional(name: string | undefined, fieldOf: (name: string) => EventField): EventField | undefined {
  return name === undefined ? undefined : fieldOf(name)
}

function numberIn({ number }: EventField): ReadNumber {
  return number ?? (() => undefined)
}

/** Without the second factor there is nothing to add, as without the first. */
function readProduct(field: EventField, times: EventField | undefined): ReadNumber {
  const read = numberIn(field)
  if (times === undefined) return read
  const readTimes = numberIn(times)
  return (event) => {
    const [value, factor] = [read(event), readTimes(event)]
    return value === undefined || factor === undefined ? undefined : value * factor
  }
}

const COUNT: Measure = {
  kind: 'count',
  create: () => null,
  add: () => {},
  merge: () => {},
  encode: () => 0,
  decode: () => null,
  read: (_state, events) => events,
}

/** A state is only ever given to the measure that made it. */
function typed<State extends MeasureState>(measure: {
  kind: Measure['kind']
  create: () => State
  add: (state: State, event: EventView) => void
  merge: (into: State, from: State) => void
  encode: (state: State) => unknown
  decode: (encoded: unknown) => State
  read: (state: State) => MeasureValue
}): Measure {
  return measure as unknown as Measure
}

function ofSums(kind: 'sum' | 'avg', read: ReadNumber, value: (sum: Sum) => number | null): Measure {
  return typed<Sum>({
    kind,
    create: createSum,
    add(state, event) {
      const number = read(event)
      if (number !== undefined) addToSum(state, number)
    },
    merge: mergeSum,
    encode: ({ count, micros }) => [count, String(micros)],
    decode(encoded) {
      const [count, micros] = encoded as [number, string]
      return { count, micros: BigInt(micros) }
    },
    read: value,
  })
}

function ofExtremes(
  kind: 'min' | 'max',
  read: ReadNumber,
  choose: (a: number, b: number) => number,
): Measure {
  const take = (state: Extreme, number: number | null | undefined) => {
    if (typeof number === 'number') state.value = state.value === null ? number : choose(state.value, number)
  }
  return typed<Extreme>({
    kind,
    create: () => ({ value: null }),
    add: (state, event) => take(state, read(event)),
    merge: (into, { value }) => take(into, value),
    encode: ({ value }) => value,
    decode: (encoded) => ({ value: encoded as number | null }),
    read: ({ value }) => value,
  })
}

function ofUniques(field: EventField): Measure {
  return typed<Uniques>({
    kind: 'uniques',
    create: createUniques,
    add(state, event) {
      const text = field.text(event)
      if (text !== '') addHash(state, hashValue(text))
    },
    merge: mergeUniques,
    encode: encodeUniques,
    decode: (encoded) => decodeUniques(encoded as EncodedUniques),
    read: countUniques,
  })
}

function ofQuantiles(read: ReadNumber, quantiles: readonly number[]): Measure {
  return typed<Quantiles>({
    kind: 'quantiles',
    create: createQuantiles,
    add(state, event) {
      const number = read(event)
      if (number !== undefined) addNumber(state, number)
    },
    merge: mergeQuantiles,
    encode: encodeQuantiles,
    decode: (encoded) => decodeQuantiles(encoded as EncodedQuantiles),
    read(state) {
      const values = readQuantiles(state, quantiles)
      return Object.fromEntries(quantiles.map((quantile, index) => [String(quantile), values[index] ?? null]))
    },
  })
}

function ofTop(field: EventField, limit: number, maxGroups: number): Measure {
  const counters = Math.max(2 * limit, Math.min(MAX_COUNTERS, Math.floor(COUNTERS_A_PANE / maxGroups)))
  return typed<Top>({
    kind: 'top',
    create: () => createTop(counters),
    add(state, event) {
      const text = field.text(event)
      if (text !== '') addValue(state, text)
    },
    merge: mergeTop,
    encode: encodeTop,
    decode: (encoded) => decodeTop(encoded as EncodedTop, counters),
    read: (state) => readTop(state, limit),
  })
}
