/** Secrets that nobody has to think up: keys, tokens. */

import { randomBytes } from 'node:crypto'

/** As a password manager would: 256 bits. */
const SECRET_BYTES = 32

/** A new one: letters, digits, `-` and `_`, so that it needs no quotes anywhere. */
export function createSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url')
}
