/** Mints the random ids of the browser SDK; where they are kept is left to others. */

/**
 * A random id of a stream, a session or a visitor: 16 letters, digits and underscores, of 95 random bits; no dash, because
 * `<stream>-<seq>` is a message id.
 */
export function mintId(): string {
  // 12 bytes are 16 characters of base64 without padding; two of its 64 characters become one.
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(12)))).replace(/\W/g, '_')
}
