/** What happens to errors nobody listens to: one line on the console for the first error of each code, so that losses are not silent. */

import type { MillraceFailure } from './types.ts'

/** Writes each code once, as one JSON object; how often it happened is in `stats()`. */
export function createConsoleReporter(
  write: (line: string) => void = console.warn,
): (error: MillraceFailure) => void {
  const seen = new Set<string>()
  return ({ code, message, dropped, status, collectorCode }) => {
    if (seen.has(code)) return
    seen.add(code)
    write(
      JSON.stringify({
        level: 'warn',
        from: '@millrace/node',
        code,
        message,
        dropped,
        status,
        collectorCode,
      }),
    )
  }
}
