/** Keys that a monitor is known to fire for, in the statement that judges it again. */

import { bind, type Sql, sql } from '@millrace/schemas/sql'

/** Hex digits of a hash that tell keys apart. A hundred keys as they are would not fit the address of a request. */
const DIGITS = 16

/**
 * What to order by first, ending with a comma: keys that fired until now and still do come before all others, so that of each is known
 * whether it does, however many there are. Nothing where none fired.
 *
 * @param key column of the key
 * @param firing at most as many as the statement gives
 */
export async function firingFirst(key: Sql, firing: readonly string[]): Promise<Sql> {
  if (firing.length === 0) return sql``
  const hashes = await Promise.all(firing.map(hashOf))
  const hash = sql`substring(lower(hex(SHA256(${key}))), 1, ${bind('UInt32', DIGITS)})`
  return sql`has(${bind('Array(String)', hashes)}, ${hash}) DESC, `
}

async function hashOf(key: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key))
  return Array.from(new Uint8Array(digest, 0, DIGITS / 2), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  )
}
