/** Keeps one id in a first-party cookie, on the widest domain that the browser allows; whose id it is is left to others. */

/** Not the collector's `millrace_id`, which no script may read. */
const NAME = 'millrace_aid='

/** 400 days: more is cut to that. Source: draft-ietf-httpbis-rfc6265bis, section 5.5. */
const MAX_AGE_SECONDS = 34_560_000

/** The part of `document` that is used. */
export interface CookiePage {
  cookie: string
  readonly location: Pick<Location, 'hostname' | 'protocol'>
}

/**
 * The id in the cookie; empty when there is none.
 *
 * @throws where the browser refuses cookies, and URIError for what we cannot have written
 */
export function readIdCookie({ cookie }: CookiePage): string {
  return decodeURIComponent(cookie.match(`(^|; )${NAME}([^;]+)[.]`)?.[2] ?? '')
}

/**
 * Writes the cookie anew, so that its 400 days (in Safari, 7) begin again; removes it when there is no id.
 *
 * Its value is `<id>.<time of writing>`: by that a write is told from an older cookie with the same id, so that domains can
 * be tried from the widest. Browsers refuse those that are not the site's own (`com`, `co.uk`), and there is no other way
 * to ask.
 *
 * @throws where the browser refuses cookies
 */
export function writeIdCookie(page: CookiePage, id: string | undefined, nowMs: number): void {
  const { hostname, protocol } = page.location
  const value = id ? `${NAME + encodeURIComponent(id)}.${nowMs.toString(36)}` : NAME
  const rest = `; path=/; samesite=lax; max-age=${id ? MAX_AGE_SECONDS : 0}${protocol === 'https:' ? '; secure' : ''}`
  const domains = hostname.split('.').map((_, i, labels) => `; domain=${labels.slice(~i).join('.')}`)
  for (const domain of [...domains, '']) {
    page.cookie = value + rest + domain
    // A bare host or an address may have none but its own.
    if (id && page.cookie.includes(value)) break
  }
}
