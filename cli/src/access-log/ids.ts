/** Ids that a second run over the same log makes again. */

import { createHash } from 'node:crypto'

/** Length of an id in hexadecimal digits: 128 bits, so that two of 10^12 ids meet with a chance of 10^-15. */
const ID_DIGITS = 32

/**
 * Mints the `messageId` of a line from the file's first line, the line's number and its bytes. So two identical lines are
 * two events, a second run sends the same ids, a log that has grown keeps those of its old lines, a copy under another
 * name or compressed keeps them too, and two logs do not share any, unless they begin with the same line.
 */
export function createMessageIdMinter(
  firstLine: Uint8Array,
): (lineNumber: number, line: Uint8Array) => string {
  const file = createHash('sha256').update(firstLine)
  return (lineNumber, line) =>
    file.copy().update(`\n${lineNumber}\n`).update(line).digest('hex').slice(0, ID_DIGITS)
}

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
