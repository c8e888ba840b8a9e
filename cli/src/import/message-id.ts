/** Ids that a second run over the same file makes again. */

import { createHash } from 'node:crypto'

/** Length of an id in hexadecimal digits: 128 bits, so that two of 10^12 ids meet with a chance of 10^-15. */
const ID_DIGITS = 32

/**
 * Mints the `messageId` of a record from the file's first line, the record's line number and its bytes. So two identical
 * lines are two events, a second run sends the same ids, a file that has grown keeps those of its old lines, a copy under
 * another name or compressed keeps them too, and two files do not share any, unless they begin with the same line and have
 * the same one in the same place.
 */
export function createMessageIdMinter(
  firstLine: Uint8Array,
): (lineNumber: number, record: Uint8Array) => string {
  const file = createHash('sha256').update(firstLine)
  return (lineNumber, record) =>
    file.copy().update(`\n${lineNumber}\n`).update(record).digest('hex').slice(0, ID_DIGITS)
}
