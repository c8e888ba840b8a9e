/** What a request tells of its visitor, in the words of an event's context. */

import { type HeaderSource, readHeader } from './headers.ts'

/** A request, whatever the framework calls its parts; a Fetch `Request` is one. */
export interface RequestFacts {
  method: string
  headers: HeaderSource
  /** The whole address as the visitor's browser had it; `undefined` when it is not known. */
  url: string | undefined
  /** The host that the browser asked for by its own word, where `url` may have another. */
  host?: string | undefined
  /** The visitor's address; only where it was asked for. */
  ip?: string | undefined
}

/** `page` of Segment's common fields, but for its title, which a server does not know. */
export interface PageFacts {
  path: string
  search: string
  url: string
  referrer?: string
}

/** The longest address that is sent, in UTF-16 units; the browser SDK has the same. */
const MAX_URL_LENGTH = 2_048

/** The collector cuts there too. */
const MAX_USER_AGENT_LENGTH = 1_024

/** A language tag's usual shape. Source: RFC 5646, section 2.1. */
const LANGUAGE_TAG = /^[a-z]{1,8}(-[a-z0-9]{1,8})*$/i

/**
 * The context of a visitor's events: `userAgent`, `page`, `locale`, `ip`, and `gpc` where their browser asks not to be
 * tracked. The collector takes these for the visitor's own, and not the server's that sends them.
 */
export function readContext(request: Omit<RequestFacts, 'method'>): object {
  const { headers, ip } = request
  const userAgent = readHeader(headers, 'user-agent').slice(0, MAX_USER_AGENT_LENGTH)
  const page = readVisitedPage(request)
  const locale = readLocale(readHeader(headers, 'accept-language'))
  return {
    ...(userAgent !== '' && { userAgent }),
    ...(page !== undefined && { page }),
    ...(locale !== undefined && { locale }),
    ...(readHeader(headers, 'sec-gpc') === '1' && { gpc: true }),
    ...(ip !== undefined && ip !== '' && { ip }),
  }
}

/** The page at the request's own address; `undefined` when the address is none. */
export function readRequestedPage({ url, headers }: Omit<RequestFacts, 'method'>): PageFacts | undefined {
  const referrer = readHeader(headers, 'referer')
  const page = describePage(url)
  return page && { ...page, ...(isShortUrl(referrer) && { referrer }) }
}

/**
 * Puts an address together from what Node's frameworks have of it.
 *
 * @param target as in the request's first line: `/path?search`
 * @returns `undefined` when the host is missing or none, or the request is for a proxy
 */
export function joinUrl(
  protocol: string,
  host: string | undefined,
  target: string | undefined,
): string | undefined {
  if (host === undefined || !/^[\w.:[\]-]+$/.test(host) || !target?.startsWith('/')) return undefined
  return `${protocol}://${host}${target}`
}

/** An address in its parts; `undefined` for what is none. */
export function parseUrl(text: string | undefined): URL | undefined {
  if (text === undefined || text === '') return undefined
  try {
    return new URL(text)
  } catch {
    // Expected of what is no address.
    return undefined
  }
}

/** A script's request belongs to the page that the script runs on, which is known when both are of one host. */
function readVisitedPage(request: Omit<RequestFacts, 'method'>): PageFacts | undefined {
  const { headers, url, host } = request
  if (readHeader(headers, 'sec-fetch-dest') !== 'empty') return readRequestedPage(request)
  const from = parseUrl(readHeader(headers, 'referer'))
  if (from === undefined) return undefined
  // By the page's scheme, as `Host` has none, and some proxies write the port of https behind it.
  const asked = hostOf(joinUrl(from.protocol.slice(0, -1), host, '/'))
  return from.host === hostOf(url) || from.host === asked ? describePage(from.href) : undefined
}

function describePage(url: string | undefined): PageFacts | undefined {
  const address = parseUrl(url)
  if (address === undefined) return undefined
  address.hash = ''
  // Who types a password into an address does not mean to publish it.
  address.username = address.password = ''
  const { pathname: path, search, href } = address
  return {
    path: path.slice(0, MAX_URL_LENGTH),
    search: search.slice(0, MAX_URL_LENGTH),
    url: href.slice(0, MAX_URL_LENGTH),
  }
}

function readLocale(acceptLanguage: string): string | undefined {
  const first = acceptLanguage.slice(0, 64).split(/[,;]/)[0]?.trim() ?? ''
  return LANGUAGE_TAG.test(first) ? first : undefined
}

function isShortUrl(text: string): boolean {
  return text.length <= MAX_URL_LENGTH && parseUrl(text) !== undefined
}

function hostOf(url: string | undefined): string | undefined {
  return parseUrl(url)?.host
}
