/** The door of the package; its declaration is published, so it names public types only. */

import type { Millrace, MillraceOptions, PlanShape, Unplanned } from './api.ts'
import { createBrowserClient } from './browser.ts'

/**
 * Creates a client for this page: `createMillrace({ writeKey: 'abc', endpoint: 'https://events.example.com' })`.
 *
 * With the type of a tracking plan, `createMillrace<Plan>(...)`, names and properties are checked when your code is
 * compiled; nothing is checked, and nothing added, in the page.
 *
 * Where there is no page (server-side rendering) the client does nothing. Create one per write key and page: each has
 * its own stream of numbers.
 *
 * @example
 * import { createMillrace } from '@millrace/web'
 *
 * const millrace = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.example.com' })
 * millrace.page()
 * millrace.track('Order Completed', { total: 42 })
 *
 * @throws TypeError when an option is of the wrong kind, RangeError when it is outside its range; nothing else throws
 */
export function createMillrace<P extends PlanShape = Unplanned>(options: MillraceOptions): Millrace<P> {
  // One client serves every plan: a plan only narrows what may be passed.
  return createBrowserClient(options) as unknown as Millrace<P>
}
