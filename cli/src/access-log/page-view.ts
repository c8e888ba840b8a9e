/** An entry of an access log to the page event that the SDK takes. Pure. */

import { isIP } from 'node:net'
import type { EventFields } from '../import/format.ts'
import { mintAnonymousId } from './ids.ts'
import type { LogEntry, LoggedRequest } from './parse-line.ts'

export interface PageViewOptions {
  messageId: string
  /** Origin of the site, for example `https://example.com`. A log does not say; without it the event has no `url`. */
  site: string | undefined
}

/**
 * The page event of a request.
 *
 * `properties` is `{ path, search, url?, referrer?, status, bytes }`, `context` is `{ page: { path, search, url?, referrer? },
 * userAgent?, ip? }`; what the log does not tell is left out. The path keeps its percent-encoding. `ip` is left out when the
 * log has host names. `timestamp` is ISO 8601 in UTC.
 */
export function buildPageView(
  entry: LogEntry,
  request: LoggedRequest,
  { messageId, site }: PageViewOptions,
): EventFields {
  const { path, search } = request
  const page = {
    path,
    search,
    ...(site !== undefined && { url: site + path + search }),
    ...(entry.referrer !== undefined && { referrer: entry.referrer }),
  }
  return {
    messageId,
    anonymousId: mintAnonymousId(entry.client, entry.userAgent),
    timestamp: new Date(entry.timestampMs).toISOString(),
    properties: { ...page, status: entry.status, bytes: entry.bytes },
    context: {
      page,
      ...(entry.userAgent !== undefined && { userAgent: entry.userAgent }),
      ...(isIP(entry.client) !== 0 && { ip: entry.client }),
    },
  }
}
