/** What is billed, as numbers that can be added and multiplied. */

/** What Cloudflare bills for, each in the unit of {@link USAGE_KEYS}. */
export type Usage = Record<UsageKey, number>

/** All that is counted. */
export const USAGE_KEYS = [
  /** Invocations of the Worker: requests, batches of a queue, runs of the cron. */
  'requests',
  /** Processor time of the Worker and the objects, milliseconds. */
  'cpuMs',
  /** Writes, reads and deletes of each 64 KB begun of a message. */
  'queueOperations',
  /** Calls, alarms and one of twenty WebSocket messages. */
  'objectRequests',
  /** Gigabytes of memory times seconds that objects were active. */
  'objectGbSeconds',
  'rowsRead',
  'rowsWritten',
  'objectStoredGb',
  /** Operations of R2 that write or list, and those that read. */
  'classA',
  'classB',
  'lakeStoredGb',
  /** Lines that the Worker writes, and one of each invocation where those are kept. */
  'logEvents',
] as const

/** One of {@link USAGE_KEYS}. */
export type UsageKey = (typeof USAGE_KEYS)[number]

/** Usage with the given parts, the rest 0. */
export function usageOf(parts: Partial<Usage> = {}): Usage {
  return fill((key) => parts[key] ?? 0)
}

/** The sum. */
export function addUsage(...all: readonly Usage[]): Usage {
  return fill((key) => all.reduce((sum, usage) => sum + usage[key], 0))
}

/** So many times as much. */
export function scaleUsage(usage: Usage, factor: number): Usage {
  return fill((key) => usage[key] * factor)
}

/** What is left of the first without the second, and never less than nothing. */
export function withoutUsage(usage: Usage, less: Usage): Usage {
  return fill((key) => Math.max(0, usage[key] - less[key]))
}

/** The most of each. */
export function mostUsage(...all: readonly Usage[]): Usage {
  return fill((key) => Math.max(...all.map((usage) => usage[key])))
}

function fill(value: (key: UsageKey) => number): Usage {
  return Object.fromEntries(USAGE_KEYS.map((key) => [key, value(key)])) as Usage
}
