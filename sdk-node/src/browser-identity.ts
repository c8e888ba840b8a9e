/** Reads who a visitor is from the cookies of their request. No platform's modules: it runs wherever a request does. */

import { type HeaderSource, isHeaders, readHeader } from './frameworks/headers.ts'

/** What has cookies: a Fetch `Request` or its `Headers`, a request of Node, Express or Fastify, or the text of a `Cookie` header. */
export type CookieSource = string | HeaderSource | { readonly headers: HeaderSource }

/** Who the visitor is, as far as their cookies say. */
export interface BrowserIdentity {
  /**
   * The id that events of the visitor's browser carry. Without a cookie, or with one that we cannot have written, what the option
   * `anonymous` gives, or else absent.
   */
  anonymousId?: string
}

/** Options of {@link readBrowserIdentity}. */
export interface BrowserIdentityOptions {
  /**
   * Name of the cookie that the collector keeps for a source with `identity: { kind: 'cookie' }`, for example `millrace_id`.
   * Its id then stands in the browser's events, and so it wins. The cookie needs a `domain` that this server is in. Default:
   * it is not looked for.
   */
  identityCookie?: string | undefined
  /**
   * An id for a visitor without a cookie, whose events would otherwise be dropped unless they name a user. Asked only then. What it
   * throws is thrown. No cookie is set, so each request of theirs is another visitor's. Default: they have none.
   */
  anonymous?: (() => string) | undefined
}

/** Cookie of `@millrace/web`: `<id>.<time of writing, base 36>`, the id percent-encoded. */
const BROWSER_COOKIE = 'millrace_aid'

/** Longest id that the collector takes, in UTF-16 units. */
const MAX_ID_LENGTH = 256

/** Three characters of an escape a byte, three bytes a unit. */
const MAX_ENCODED_LENGTH = 9 * MAX_ID_LENGTH

/** No id of ours has them, and they would travel into logs and tables. */
const CONTROL_CHARACTERS = /\p{Cc}/u

/**
 * The visitor that a request comes from. Of several cookies of a name the first intact one counts: browsers send the
 * closest first. Never throws by itself.
 *
 * A visitor behind a blocker has no cookie. Where an event names no user, give them an id by the option `anonymous`; then
 * `anonymousId` is always there, also for the compiler.
 *
 * @example
 * import { createMillrace, readBrowserIdentity } from '@millrace/node'
 *
 * const millrace = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.example.com' })
 *
 * export function order(request: Request) {
 *   const visitor = readBrowserIdentity(request, { anonymous: () => crypto.randomUUID() })
 *   millrace.track({ ...visitor, event: 'Order Completed' })
 * }
 */
export function readBrowserIdentity(
  source: CookieSource | null | undefined,
  options: BrowserIdentityOptions & { anonymous: () => string },
): Required<BrowserIdentity>
export function readBrowserIdentity(
  source: CookieSource | null | undefined,
  options?: BrowserIdentityOptions,
): BrowserIdentity
export function readBrowserIdentity(
  source: CookieSource | null | undefined,
  { identityCookie, anonymous }: BrowserIdentityOptions = {},
): BrowserIdentity {
  const cookies = cookieText(source)
  const kept = identityCookie === undefined ? undefined : findId(cookies, identityCookie, decodeId)
  const anonymousId = kept ?? findId(cookies, BROWSER_COOKIE, decodeStampedId) ?? anonymous?.()
  return anonymousId === undefined ? {} : { anonymousId }
}

function cookieText(source: CookieSource | null | undefined): string {
  if (typeof source === 'string') return source
  if (typeof source !== 'object' || source === null) return ''
  if (isHeaders(source)) return readHeader(source, 'cookie')
  const inner = source['headers']
  return readHeader(typeof inner === 'object' && inner !== null ? (inner as HeaderSource) : source, 'cookie')
}

function findId(
  cookies: string,
  name: string,
  decode: (value: string) => string | undefined,
): string | undefined {
  if (!cookies.includes(name)) return undefined
  for (const pair of cookies.split(';')) {
    const split = pair.indexOf('=')
    if (split === -1 || pair.slice(0, split).trim() !== name) continue
    const id = decode(pair.slice(split + 1).trim())
    if (id !== undefined) return id
  }
  return undefined
}

/** An id may have dots of its own, so the last one divides. */
function decodeStampedId(value: string): string | undefined {
  const dot = value.lastIndexOf('.')
  return dot === -1 ? undefined : decodeId(value.slice(0, dot))
}

function decodeId(text: string): string | undefined {
  if (text === '' || text.length > MAX_ENCODED_LENGTH) return undefined
  try {
    const id = decodeURIComponent(text)
    return id.length > MAX_ID_LENGTH || CONTROL_CHARACTERS.test(id) ? undefined : id
  } catch {
    // A broken escape is not of our writing.
    return undefined
  }
}
