/** A visitor of the demo shop: looks at three products, buys, and knows which events that should have made. */

import type { Page } from 'playwright-core'

/** Type, event and path of an event, in the order in which they happen. */
export type ExpectedEvent = [type: string, event: string, path: string]
