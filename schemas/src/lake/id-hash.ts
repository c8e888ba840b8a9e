/**
 * Hashes of message ids: the bucket that an event lies in, and a sum that says whether two stores have the same events,
 * whatever their order. ClickHouse computes the same.
 */

import murmurhash from 'murmurhash'

/** Sum of the hashes of ids modulo 2^64, in halves that doubles hold exactly for up to two million ids at once. */
export interface IdSum {
  high: number
  low: number
}

/** Bucket of an event, from 0. Of `2n` buckets, `b` and `b + n` hold what `b` of `n` holds. */
export function bucketOf(messageId: string, buckets: number): number {
  return murmurhash.v3(messageId) % buckets
}

/** The sum of no ids. */
export function createIdSum(): IdSum {
  return { high: 0, low: 0 }
}

/** Adds an id. */
export function addId(sum: IdSum, messageId: string): void {
  sum.high += murmurhash.v3(messageId)
  sum.low += murmurhash.v3(`${messageId}\n`)
}

/** The sum as 16 hex digits. */
export function formatIdSum({ high, low }: IdSum): string {
  return toHex((BigInt(high) << 32n) + BigInt(low))
}

/** Sum of sums, each as {@link formatIdSum} gives it. */
export function addIdSums(sums: readonly string[]): string {
  return toHex(sums.reduce((total, sum) => total + BigInt(`0x${sum}`), 0n))
}

/** The same as an aggregate of SQL, 16 hex digits. */
export const ID_SUM_SQL =
  "lower(leftPad(hex(sumWithOverflow(bitShiftLeft(toUInt64(murmurHash3_32(message_id)), 32) + murmurHash3_32(concat(message_id, '\\n')))), 16, '0'))"

function toHex(value: bigint): string {
  return BigInt.asUintN(64, value).toString(16).padStart(16, '0')
}
