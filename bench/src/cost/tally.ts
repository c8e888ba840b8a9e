/** What was counted, by who did it; and what of it is billed. */

import { type Usage, usageOf } from './usage.ts'

/** Numbers by `<role>|<what>`; roles are `collector`, `consumer`, `cron` and `object <method>`. */
export type Tally = Record<string, number>

/** Gigabytes that an object is billed for while it is active. Source: the examples of the page of Durable Objects. */
const OBJECT_GB = 0.128

/** WebSocket messages that are billed as one request. Source: the same page. */
const MESSAGES_A_REQUEST = 20

/** What was counted between two looks. */
export function tallyBetween(before: Tally, after: Tally): Tally {
  return Object.fromEntries(Object.entries(after).map(([key, value]) => [key, value - (before[key] ?? 0)]))
}

/** The sum of one thing, over the roles that are wanted. Default: all. */
export function countOf(
  tally: Tally,
  what: string,
  isWanted: (role: string) => boolean = () => true,
): number {
  return Object.entries(tally)
    .filter(([key]) => {
      const [role = '', name] = key.split('|')
      return name === what && isWanted(role)
    })
    .reduce((sum, [, value]) => sum + value, 0)
}

/** How it is billed, but for processor time, storage and the log's own lines of invocations. */
export function billable(tally: Tally, isWanted: (role: string) => boolean = () => true): Usage {
  const count = (what: string) => countOf(tally, what, isWanted)
  const messages = countOf(tally, 'requests', (role) => role === 'object webSocketMessage' && isWanted(role))
  return usageOf({
    requests: count('invocations'),
    queueOperations: count('queue operations'),
    objectRequests: count('requests') - messages + messages / MESSAGES_A_REQUEST,
    objectGbSeconds: (count('active ms') / 1_000) * OBJECT_GB,
    rowsRead: count('rows read'),
    // Each `setAlarm` is billed as a row.
    rowsWritten: count('rows written') + count('alarms set'),
    classA: count('class A'),
    classB: count('class B'),
    logEvents: count('log lines'),
  })
}
