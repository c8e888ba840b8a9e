/** How many operations a message is. */

/**
 * Bytes of one operation, and what the platform adds to each message. Source:
 * https://developers.cloudflare.com/queues/platform/pricing/, checked November 2026: "an operation is counted for each 64 KB
 * of data", "a KB is defined as 1,000 bytes, and each message includes approximately 100 bytes of internal metadata".
 */
const UNIT_BYTES = 64_000
const METADATA_BYTES = 100

/** Operations that one write, read or delete of a message counts for. */
export function queueUnits(bodyBytes: number): number {
  return Math.ceil((bodyBytes + METADATA_BYTES) / UNIT_BYTES)
}
