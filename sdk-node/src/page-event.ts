/** Decides which requests are page views and which are calls of an API, from a request and its answer. Pure. */

import { type HeaderSource, readHeader } from './frameworks/headers.ts'
import type { RequestFacts } from './frameworks/request-facts.ts'

/** How a request ended. */
export interface Outcome {
  /** `undefined` when no answer was begun. */
  status: number | undefined
  /** `Content-Type` of the answer; empty when it has none. */
  contentType: string
  /** Pattern of the route that answered, `/orders/:id`; `undefined` when no route did. */
  route: string | undefined
  /** The visitor went before the answer was complete. */
  isAborted: boolean
}

/** What a browser loads for a page, for requests that do not say so themselves. */
const ASSET_TYPE = /^(text\/(css|javascript)|application\/(javascript|wasm)|(image|font|audio|video)\/)/i

/**
 * Whether a person was shown a page: a GET whose answer is HTML and complete, or is known to their browser (304), and
 * that is not made ahead (prefetch), by a script, or for a frame. A redirect is none; where it leads may be one.
 */
export function isPageView({ method, headers, url }: RequestFacts, outcome: Outcome): boolean {
  if (method !== 'GET' || outcome.isAborted || isPrefetch(headers)) return false
  if (!['', 'document'].includes(readHeader(headers, 'sec-fetch-dest'))) return false
  const { status = 0, contentType } = outcome
  if (status === 304) return acceptsHtml(headers) && !hasAssetName(url)
  return status >= 200 && status < 300 && isHtml(contentType)
}

/**
 * Whether a program asked: a request that a route answered, whatever with, but for pages, navigations (redirects and
 * downloads among them), files that a page consists of, and what only asks ahead (HEAD, OPTIONS).
 */
export function isApiCall({ method, headers }: RequestFacts, outcome: Outcome): boolean {
  if (outcome.route === undefined || method === 'HEAD' || method === 'OPTIONS') return false
  const destination = readHeader(headers, 'sec-fetch-dest')
  const isByProgram = destination === '' ? !acceptsHtml(headers) : destination === 'empty'
  // An error page is not what was asked for: Express answers what a route throws with one.
  const isFailed = (outcome.status ?? 0) >= 400
  const isFile = isHtml(outcome.contentType) || ASSET_TYPE.test(outcome.contentType)
  return isByProgram && (isFailed || !isFile)
}

/** `Purpose` and `X-Moz` are what browsers sent before `Sec-Purpose`. Source: Fetch standard, "Sec-Purpose". */
function isPrefetch(headers: HeaderSource): boolean {
  return ['sec-purpose', 'purpose', 'x-moz'].some((name) => readHeader(headers, name).startsWith('prefetch'))
}

function acceptsHtml(headers: HeaderSource): boolean {
  return readHeader(headers, 'accept').includes('text/html')
}

function isHtml(contentType: string): boolean {
  return /^(text\/html|application\/xhtml\+xml)\b/i.test(contentType)
}

/** `/logo.png`, which somebody looks at by itself; a 304 does not say what it is. */
function hasAssetName(url: string | undefined): boolean {
  return /\/[^/?]*\.(?!html?\b)\w+(\?|$)/.test(url?.replace(/^\w+:\/\/[^/]*/, '') ?? '')
}
