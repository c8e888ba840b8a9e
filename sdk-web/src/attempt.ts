/** Runs what may throw: what the browser refuses, what the page has replaced, functions of the caller's. */

/** The result; where it throws, that of `otherwise`. */
export function attempt<T, U = undefined>(run: () => T, otherwise?: () => U): T | U | undefined {
  try {
    return run()
  } catch {
    return otherwise?.()
  }
}
