/** When and where a call was made, and how that reads on the wire. */

import type { JsonObject } from '@millrace/schemas/wire'

/** The moment of a call: three cheap reads, no storage and no layout. */
export interface Stamp {
  /** Client's clock, ISO 8601. */
  timestamp: string
  /** `location.href`. */
  href: string
  /** `document.title`. */
  title: string
}

/** Longest address that is sent, in UTF-16 units, so that it alone cannot fill an event. */
const MAX_URL_LENGTH = 2_048

/**
 * The `page` of Segment's common fields: `path`, `referrer`, `search`, `title`, `url`. The address goes without its
 * fragment, as Segment's has it, and because sign-in flows hand tokens over in fragments.
 *
 * @throws TypeError when `href` is no absolute URL, which a browser's never is
 */
export function buildPage({ href, title }: Stamp, referrer: string): JsonObject {
  const url = href.replace(/#.*/, '').slice(0, MAX_URL_LENGTH)
  const { pathname, search } = new URL(url)
  return { path: pathname, referrer, search, title, url }
}
