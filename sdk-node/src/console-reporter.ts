/** What happens to news that nobody listens to: one line on the console for the first of each kind, so that losses are not silent. */

import type { EventReceipt, MillraceFailure } from './news.ts'

/** How often something happened is in `stats()`. */
export interface ConsoleReporter {
  /** Writes the first error of each code. */
  error(error: MillraceFailure): void
  /** Writes the first receipt of each reason for which an event was quarantined. */
  receipt(receipt: EventReceipt): void
}

/** Writes one JSON object a line. */
export function createConsoleReporter(write: (line: string) => void = console.warn): ConsoleReporter {
  const seen = new Set<string>()

  function writeFirst(kind: string, fields: object): void {
    if (seen.has(kind)) return
    seen.add(kind)
    write(JSON.stringify({ level: 'warn', from: '@millrace/node', ...fields }))
  }

  return {
    error({ code, message, dropped, status, collectorCode }) {
      writeFirst(code, { code, message, dropped, status, collectorCode })
    },
    receipt({ status, reason, message, path }) {
      if (status !== 'quarantined') return
      writeFirst(`${status} ${reason}`, { code: status, reason, message, path })
    },
  }
}
