/** Copies what a caller hands over, whatever it is, so that it can become JSON later; what it means is left to others. */

/**
 * Deepest nesting that is kept. The collector refuses more than 64 levels (`too_deep`); batch, list and event are the
 * levels above.
 */
const MAX_DEPTH = 60

/** A copy of a value, and about how much JSON it makes. */
export interface Snapshot {
  /** Made of plain objects and arrays all the way down. */
  copy: unknown
  /** Estimate from below, in UTF-16 units; above `maxUnits` the copy is incomplete and must not be used. */
  units: number
}

/**
 * Copies a value as `JSON.stringify` would read it at this moment, but never throws: a value that cannot be read
 * (throwing getter or `toJSON`, revoked proxy), refers to an object it is inside of, or lies too deep is undefined in
 * the copy, and so is a function. A BigInt becomes its decimal text. `JSON.stringify` of the copy does not throw.
 *
 * The work is bounded: it stops once the copy has more than `maxUnits`, so that handing over `window` by mistake costs
 * a millisecond or two.
 */
export function snapshot(input: unknown, maxUnits: number): Snapshot {
  let units = 0
  const ancestors: unknown[] = []

  // Reads the value from its holder itself, as SerializeJSONProperty does (ECMA-262 25.5.2.2), so that a getter that
  // throws costs this one value and not the whole object.
  function copyOf(holder: object, key: string): unknown {
    const depth = ancestors.length
    units += key.length + 2
    try {
      let value: unknown = holder[key as never]
      if (hasToJson(value)) value = value.toJSON(key)
      if (typeof value === 'bigint') value = String(value)
      if (typeof value === 'string') units += value.length
      if (typeof value === 'function') return undefined
      if (!isObject(value)) return value
      if (depth > MAX_DEPTH || ancestors.includes(value)) return undefined
      ancestors.push(value)
      const target: Record<string, unknown> | unknown[] = Array.isArray(value) ? [] : {}
      for (const name of Object.keys(value)) {
        if (units > maxUnits) break
        target[name as never] = copyOf(value, name) as never
      }
      return target
    } catch {
      return undefined // a getter, a toJSON or a proxy of the caller threw: the event goes out without this value
    } finally {
      ancestors.length = depth
    }
  }

  return { copy: copyOf([input], '0'), units }
}

/** Whether a value is an object or an array. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function hasToJson(value: unknown): value is { toJSON(key: string): unknown } {
  return typeof (value as { toJSON?: unknown } | null | undefined)?.toJSON === 'function'
}
