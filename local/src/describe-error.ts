/** What went wrong, in a line for the person at the terminal. */

/** The message of an error; anything else as text. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
