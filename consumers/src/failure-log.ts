/**
 * Says in the log which messages a sink did not take: one line a batch for those that failed alike. In an outage that is a
 * hundred times fewer lines, which somebody must read, and something must carry.
 */

import type { SinkName } from './sink.ts'

/** A message that a sink did not take, and what comes of it. */
export interface SinkFailure {
  level: 'warn' | 'error'
  event: 'sink_failed' | 'sink_pressure'
  sink: SinkName
  messageId: string
  /** How often it was tried, this time included. */
  attempts: number
  /** When it is tried again. */
  delaySeconds: number
  error: string
}

/** The failures of a batch. */
export interface FailureLog {
  add: (failure: SinkFailure) => void
  /** Writes the lines: `count` of how many messages, `messageId` of the first, `attempts` and `delaySeconds` of the most. */
  flush: () => void
}

/** Handles a batch slice by slice, and says in the end, also where one throws, what failed in it. */
export async function handleSlices<T>(
  slices: Iterable<T>,
  log: (record: Record<string, unknown>) => void,
  handle: (slice: T, failures: FailureLog) => Promise<void>,
): Promise<void> {
  const failures = createFailureLog(log)
  try {
    for (const slice of slices) await handle(slice, failures)
  } finally {
    failures.flush()
  }
}

/** Longest error text of a line. */
const MAX_ERROR_LENGTH = 300

/** No failures. */
export function createFailureLog(log: (record: Record<string, unknown>) => void): FailureLog {
  const failures = new Map<string, SinkFailure & { count: number }>()
  return {
    add(failure) {
      const error = failure.error.slice(0, MAX_ERROR_LENGTH)
      const key = JSON.stringify([failure.level, failure.event, failure.sink, error])
      const known = failures.get(key)
      if (known === undefined) {
        failures.set(key, { ...failure, error, count: 1 })
        return
      }
      known.count += 1
      known.attempts = Math.max(known.attempts, failure.attempts)
      known.delaySeconds = Math.max(known.delaySeconds, failure.delaySeconds)
    },
    flush() {
      for (const failure of failures.values()) log({ ...failure })
      failures.clear()
    },
  }
}
