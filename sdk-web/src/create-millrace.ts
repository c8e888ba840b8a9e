/** The door of the package; its declaration is published, so it names public types only. */

import type { Millrace, MillraceOptions } from './api.ts'
import { createBrowserClient } from './browser.ts'

/**
 * Creates a client for this page: `createMillrace({ writeKey: 'abc', endpoint: 'https://events.example.com' })`.
 *
 * Where there is no page (server-side rendering) the client does nothing. Create one per write key and page: each has
 * its own stream of numbers.
 *
 * @throws TypeError when an option is of the wrong kind, RangeError when it is outside its range; nothing else throws
 */
export function createMillrace(options: MillraceOptions): Millrace {
  return createBrowserClient(options)
}
