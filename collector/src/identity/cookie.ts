/**
 * The first-party cookie that holds a visitor's id. Set by the server and HttpOnly, it outlives what a script can set:
 * Safari deletes that after seven days. Pure; when it is set is the caller's business.
 */

import { MAX_ID_LENGTH } from '@millrace/schemas'

/** Name of the cookie when a source gives none. */
export const DEFAULT_COOKIE_NAME = 'millrace_id'

/** 400 days: more is cut to that. Source: draft-ietf-httpbis-rfc6265bis, section 5.5. */
const MAX_AGE_SECONDS = 400 * 86_400

/** No id of ours or of an SDK has them, and they would travel into logs and tables. */
const CONTROL_CHARACTERS = /\p{Cc}/u

/**
 * The id in a `Cookie` header, or `undefined`. Of several cookies with the name the first usable one counts. What we
 * cannot have written (empty, over 256 UTF-16 units, control characters, a broken escape) is passed over.
 */
export function readIdCookie(
  cookieHeader: string | null,
  name: string = DEFAULT_COOKIE_NAME,
): string | undefined {
  if (cookieHeader === null) return undefined
  for (const pair of cookieHeader.split(';')) {
    const split = pair.indexOf('=')
    if (split === -1 || pair.slice(0, split).trim() !== name) continue
    const id = decodeId(pair.slice(split + 1).trim())
    if (id !== undefined) return id
  }
  return undefined
}

/** What {@link writeIdCookie} needs. */
export interface IdCookie {
  /** Default {@link DEFAULT_COOKIE_NAME}. */
  name?: string
  /** 1 to 256 UTF-16 units. */
  id: string
  /** Domain whose subdomains get it too. Default: this host alone. */
  domain?: string
  /** False only for plain http on this machine, where browsers would refuse a `Secure` cookie. */
  isSecure: boolean
}

/** The value of `Set-Cookie`. Its 400 days begin anew each time it is set, so it goes with every answer. */
export function writeIdCookie({ name = DEFAULT_COOKIE_NAME, id, domain, isSecure }: IdCookie): string {
  const attributes = [
    `${name}=${encodeURIComponent(id.toWellFormed())}`,
    `Max-Age=${MAX_AGE_SECONDS}`,
    'Path=/',
    ...(domain === undefined ? [] : [`Domain=${domain}`]),
    'HttpOnly',
    ...(isSecure ? ['Secure'] : []),
    'SameSite=Lax',
  ]
  return attributes.join('; ')
}

/** What is known when {@link decideCookieId} decides. */
export interface CookieIdInput {
  /** The id that the cookie has; in a batch also the one that an event before this was given. */
  cookieId: string | undefined
  /** The id that the client put into the event. */
  clientId: string | undefined
  randomId: () => string
}

/** Whose the event is, and what to set. */
export interface CookieIdDecision {
  anonymousId: string
  /** The client's id, where the cookie's stands in its place. */
  clientAnonymousId?: string
  /** Value of the cookie to set with the answer. */
  shouldSet: string
}

/** The cookie wins over the client; without a cookie the client's id becomes it; without either, a new one does. */
export function decideCookieId({ cookieId, clientId, randomId }: CookieIdInput): CookieIdDecision {
  const id = cookieId ?? clientId ?? randomId()
  const isReplaced = clientId !== undefined && clientId !== id
  return { anonymousId: id, ...(isReplaced ? { clientAnonymousId: clientId } : {}), shouldSet: id }
}

function decodeId(value: string): string | undefined {
  // Three characters of an escape a byte, three bytes a unit.
  if (value === '' || value.length > MAX_ID_LENGTH * 9) return undefined
  try {
    const id = decodeURIComponent(value)
    return id.length > MAX_ID_LENGTH || CONTROL_CHARACTERS.test(id) ? undefined : id
  } catch {
    // A broken escape is not of our writing.
    return undefined
  }
}
