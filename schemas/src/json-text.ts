/** JSON text that every later hop can read: valid Unicode, and no deeper than agreed. */

/** Deepest nesting of objects and arrays in an event, the event itself counted. ClickHouse's own limit is about 1,000. */
export const MAX_NESTING = 64

/**
 * JSON text whose every character is valid Unicode. `JSON.stringify` writes a lone surrogate as an escape that
 * ClickHouse refuses together with all rows beside it, so it becomes U+FFFD here.
 *
 * @throws RangeError when the nesting exhausts the stack; check {@link exceedsNesting} first
 */
export function encodeJson(value: unknown): string {
  const text = JSON.stringify(value)
  if (!text.includes('\\ud')) return text
  // Pairs of backslashes are consumed whole, so `\\ud800` in a person's text is not taken for an escape.
  return text.replace(/\\(?:ud[89a-f][0-9a-f]{2}|.)/g, (sequence) =>
    sequence.startsWith('\\ud') ? '\ufffd' : sequence,
  )
}

/** Whether objects and arrays nest deeper than `levels`. Recursion is bounded by it, so a hostile depth is harmless. */
export function exceedsNesting(value: unknown, levels: number): boolean {
  return typeof value === 'object' && value !== null && nestsDeeper(value, levels)
}

/** Without arrays of keys or values: that takes half the time. What JSON was parsed to inherits nothing to walk. */
function nestsDeeper(value: object, levels: number): boolean {
  if (levels === 0) return true
  if (Array.isArray(value)) return value.some((child) => exceedsNesting(child, levels - 1))
  for (const key in value) {
    const child = (value as Record<string, unknown>)[key]
    if (typeof child === 'object' && child !== null && nestsDeeper(child, levels - 1)) return true
  }
  return false
}
