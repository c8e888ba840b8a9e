/** Words for a value or an error in a message. */

/** What a value is, in words that never repeat its content: messages end up in logs, and values may be personal. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (value === '') return 'an empty string'
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
}

/** Longest part of somebody else's message that is repeated, in UTF-16 units. */
const MAX_MESSAGE_LENGTH = 300

/** The first line of an error's message, or of the thrown value as text. Never throws itself, whatever was thrown. */
export function messageOf(error: unknown): string {
  try {
    const text = error instanceof Error ? String(error.message) : String(error)
    return (text.split('\n', 1)[0] ?? '').slice(0, MAX_MESSAGE_LENGTH)
  } catch {
    // Expected of an object without a prototype, or one whose getters throw.
    return `${kindOf(error)} was thrown`
  }
}
