/** Whom a line of a log is of. */

import { createHash } from 'node:crypto'

/** Length of an id in hexadecimal digits: 128 bits, so that two of 10^12 ids meet with a chance of 10^-15. */
const ID_DIGITS = 32

/**
 * The `anonymousId` of a visitor: the same for the same client address and user agent. As close as a log comes to a
 * person; people behind one address with the same browser share one.
 */
export function mintAnonymousId(client: string, userAgent: string | undefined): string {
  return createHash('sha256')
    .update(`${client}\n${userAgent ?? ''}`)
    .digest('hex')
    .slice(0, ID_DIGITS)
}
