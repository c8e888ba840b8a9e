/**
 * Drops keys that would change the prototype of whatever they are copied onto: `__proto__`, and a `constructor` that
 * holds a `prototype`. `JSON.parse` makes them plain keys, so they harm nobody until somebody merges them.
 */

/** Whether the text may hold such a key: spelled out, or with an escape that could hide one. */
export function mayHavePrototypeKeys(text: string): boolean {
  return text.includes('proto') || text.includes('\\u00')
}

/** Removes them from a parsed value, in place, at every depth. */
export function dropPrototypeKeys(root: unknown): void {
  const open: unknown[] = [root]
  // Not by recursion: the nesting has not been bounded yet.
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null) continue
    for (const key of Object.keys(value)) {
      const child = (value as Record<string, unknown>)[key]
      if (isPrototypeKey(value, key)) delete (value as Record<string, unknown>)[key]
      else open.push(child)
    }
  }
}

function isPrototypeKey(parent: object, key: string): boolean {
  if (key === '__proto__') return true
  if (key !== 'constructor') return false
  const value = (parent as Record<string, unknown>)[key]
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype')
}
