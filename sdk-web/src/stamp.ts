/** When and where a call was made, and how that reads on the wire. */

import type { JsonObject } from '@millrace/schemas/wire'

/** The moment of a call: a few cheap reads, no storage and no layout. */
export interface Stamp {
  /** Client's clock, milliseconds since 1970. */
  time: number
  /** `location.href`. */
  href: string
  /** `document.title`. */
  title: string
  /** Where the visitor was before the view that the page shows. */
  referrer: string
}

/** Longest address that is sent, in UTF-16 units, so that it alone cannot fill an event. */
const MAX_URL_LENGTH = 2_048

/** Longest title that is sent, likewise. */
const MAX_TITLE_LENGTH = 1_024

/** The address without its fragment, as Segment's has it, and because sign-in flows hand tokens over in fragments. */
export function withoutFragment(href: string): string {
  return href.replace(/#.*/, '').slice(0, MAX_URL_LENGTH)
}

/**
 * Creates a function that gives the `page` of Segment's common fields: `path`, `referrer`, `search`, `title`, `url`. It
 * gives the same object for the same address again, so that most can be compared by identity.
 *
 * @throws TypeError when `href` is no absolute URL, which a browser's never is
 */
export function createPageReader(): (stamp: Stamp) => JsonObject {
  let last: JsonObject = {}
  let lastHref = ''
  return ({ href, referrer, title: full }) => {
    const title = full.slice(0, MAX_TITLE_LENGTH)
    if (lastHref !== href || last['title'] !== title || last['referrer'] !== referrer) {
      lastHref = href
      const url = withoutFragment(href)
      const { pathname: path, search } = new URL(url)
      last = { path, referrer, search, title, url }
    }
    return last
  }
}
