/** Remembers what was read from texts that come again and again, within a bound. */

/** Gives what `read` gave for this key before, or calls it. */
export type Memo<T> = (key: string, read: () => T) => T

/**
 * A memo of `maxEntries`. When it is full the oldest goes, used or not: a flood of made-up keys costs readings, never
 * memory. Keys should be bounded by the caller.
 */
export function createMemo<T>(maxEntries: number): Memo<T> {
  const entries = new Map<string, { value: T }>()
  return (key, read) => {
    const known = entries.get(key)
    if (known !== undefined) return known.value
    const value = read()
    if (entries.size >= maxEntries) {
      for (const oldest of entries.keys()) {
        entries.delete(oldest)
        break
      }
    }
    entries.set(key, { value })
    return value
  }
}
