/** Carries who a request is of through everything that runs for it, by Node's `AsyncLocalStorage`. */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { Defaults } from './event-arguments.ts'
import { mergeDefaults } from './frameworks/merge-defaults.ts'
import type { RequestContext } from './frameworks/types.ts'

export type { Defaults } from './event-arguments.ts'
export type { RequestContext } from './frameworks/types.ts'

/**
 * A context of its own, shared with no other. Give its `current` to the client, and run each request inside of it:
 *
 * @example
 * import { createMillrace } from '@millrace/node'
 * import { createRequestContext } from '@millrace/node/context'
 *
 * const requests = createRequestContext()
 * const millrace = createMillrace({
 *   writeKey: 'wk_shop',
 *   endpoint: 'https://events.example.com',
 *   defaults: requests.current,
 * })
 *
 * // Whatever is called inside, however late, is of u1.
 * requests.run({ userId: 'u1' }, () => millrace.track({ event: 'Order Completed' }))
 */
export function createRequestContext(): RequestContext {
  const storage = new AsyncLocalStorage<Defaults>()
  return {
    run: (defaults, callback) => storage.run(mergeDefaults(storage.getStore(), defaults), callback),
    current: () => storage.getStore(),
  }
}
