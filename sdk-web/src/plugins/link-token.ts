/** Carries a visitor's id in an address; what the address is, and whose id it becomes, is left to others. */

/** Version of the form `1.<id as base64url>.<time in base 36>.<check>`. */
const VERSION = '1'

/** How far the clock of a browser may run back between two pages, in milliseconds. */
const MAX_AHEAD_MS = 60_000

/** Longest id that is taken over, as base64url; ours have 48 characters. */
const MAX_ID_LENGTH = 400

/**
 * Makes the token.
 *
 * @param now milliseconds since 1970
 * @param browser text that is the same on all sites in one browser, and often another in another
 */
export function encodeLinkToken(id: string, now: number, browser: string): string {
  // Without `~` nothing in the text makes a `+` or `/`, so this is base64url as well.
  const ascii = encodeURIComponent(id).replace(/~/g, '%7E')
  return seal(`${VERSION}.${btoa(ascii).replace(/=/g, '')}.${now.toString(36)}`, browser)
}

/**
 * The id in a token; undefined for one that is altered, too old, from the future, or from another browser.
 *
 * @throws URIError, DOMException for one that is made up and not text
 */
export function decodeLinkToken(
  token: string,
  now: number,
  browser: string,
  maxAgeMs: number,
): string | undefined {
  const [version, id = '', time = ''] = token.split('.')
  const ageMs = now - Number.parseInt(time, 36)
  if (version !== VERSION || seal(`${version}.${id}.${time}`, browser) !== token) return undefined
  if (!(ageMs <= maxAgeMs && ageMs >= -MAX_AHEAD_MS) || id.length > MAX_ID_LENGTH) return undefined
  return decodeURIComponent(atob(id))
}

/** Adds a check to what a token says: FNV-1a with 32 bits (draft-eastlake-fnv) over UTF-16 units, in base 36. */
function seal(body: string, browser: string): string {
  const text = body + browser
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return `${body}.${(hash >>> 0).toString(36)}`
}
