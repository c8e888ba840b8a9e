/** Mints the random ids of the browser SDK; where they are kept is left to others. */

/**
 * An id for a stream: 16 letters, digits and underscores, of 95 random bits; no dash, because `<stream>-<seq>` is a
 * message id.
 */
export function mintStream(): string {
  // 12 bytes are 16 characters of base64 without padding; two of its 64 characters become one.
  const bytes = crypto.getRandomValues(new Uint8Array(12))
  return btoa(String.fromCharCode(...bytes)).replace(/[+/]/g, '_')
}

/** An id for a visitor: a random UUID, or on a plain http page, where browsers make none, an id as of a stream. */
export function mintAnonymousId(): string {
  return crypto.randomUUID?.() ?? mintStream()
}
