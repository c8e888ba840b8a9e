/** Remembers what was read from user agents: a site has few distinct ones, and reading one costs a hundred times a lookup. */

import { createMemo } from './memo.ts'

/** Longest user agent that is read, in UTF-16 units; the rest is cut off. Real ones have under 500. */
const MAX_USER_AGENT_LENGTH = 1_024

/**
 * `read`, called once per distinct user agent among the last `maxEntries` (default 1,000, about 1 MB at worst). When it
 * is full the oldest goes, used or not: a flood of made-up user agents costs readings, never memory.
 */
export function createUserAgentMemo<T>(
  read: (userAgent: string) => T,
  maxEntries = 1_000,
): (userAgent: string) => T {
  const memo = createMemo<T>(maxEntries)
  return (userAgent) => {
    const key = userAgent.length >= MAX_USER_AGENT_LENGTH ? cut(userAgent) : userAgent
    return memo(key, () => read(key))
  }
}

/**
 * Joined anew, because V8's `slice` is a view that would keep all of a 30 KB text alive as long as the entry. That is so
 * of one that a caller cut to the same length, too.
 */
function cut(userAgent: string): string {
  return userAgent.slice(0, MAX_USER_AGENT_LENGTH).split('').join('')
}
