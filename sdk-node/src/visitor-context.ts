/** What a request tells of its visitor, for code that has the request or its headers and no middleware. */

import { type HeaderSource, isHeaders, readHeader } from './frameworks/headers.ts'
import { joinUrl, parseUrl, type RequestFacts, readContext } from './frameworks/request-facts.ts'

/**
 * What tells of a visitor: a Fetch `Request`, or its `Headers` alone, as a server action of Next has them. `url` is the whole
 * address; without it the page is known for requests of scripts only. `ip` is the visitor's address, where it is to be sent.
 */
export type ContextSource =
  | HeaderSource
  | {
      readonly headers: HeaderSource
      readonly url?: string | undefined
      readonly ip?: string | undefined
    }

/** A host of the internet ends in a name; one that a server listens at is an address or a name without a dot. */
const PUBLIC_HOST = /\.[a-z][a-z0-9-]*$/i

/**
 * The context of a visitor's events: `userAgent`, `page`, `locale`, `ip`, and `gpc` where their browser asks not to be
 * tracked. The collector takes these for the visitor's own, and not the server's that sends them. Where the host in `url` is
 * one that the server listens at, as Next has it (`localhost:3000`), the header `Host` says which the browser asked.
 * `X-Forwarded-Host` is not read, because anybody may send it. Never throws.
 *
 * @example
 * import { createMillrace, readBrowserIdentity, readRequestContext } from '@millrace/node'
 *
 * const millrace = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.example.com' })
 *
 * export function order(request: Request, userId: string) {
 *   const visitor = millrace.with({ ...readBrowserIdentity(request), userId, context: readRequestContext(request) })
 *   visitor.track({ event: 'Order Completed' })
 * }
 */
export function readRequestContext(source: ContextSource): object {
  const { headers, url, ip } = partsOf(source)
  const host = readHeader(headers, 'host')
  return readContext({ headers, url: atHost(url, host), host, ip })
}

function partsOf(source: ContextSource): Pick<RequestFacts, 'headers' | 'url' | 'ip'> {
  const { headers, url, ip } = source as { headers?: unknown; url?: unknown; ip?: unknown }
  // Next's headers hide an object of that name, and Express's request has a `get` as headers have.
  const isRequest =
    typeof headers === 'object' && headers !== null && (!isHeaders(source) || 'method' in source)
  if (!isRequest) return { headers: source as HeaderSource, url: undefined }
  return { headers: headers as HeaderSource, url: textOf(url), ip: textOf(ip) }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A public host stays: whoever made the address then knows more than the header says, which a proxy may have rewritten. */
function atHost(url: string | undefined, host: string): string | undefined {
  const address = parseUrl(url)
  if (address === undefined || PUBLIC_HOST.test(address.hostname)) return url
  return joinUrl(address.protocol.slice(0, -1), host, address.pathname + address.search) ?? url
}
