/** What `@millrace/node/edge` gives: the SDK where there is no file system, in Workers and other runtimes of the web. */

import { createClient } from './client.ts'
import type { MillraceOptions } from './client-options.ts'
import type { Defaults, KnownIdentity, PlanShape, Unplanned } from './event-arguments.ts'
import { findGzip } from './gzip.ts'
import type { Millrace } from './types.ts'

export * from './exports.ts'

/**
 * A client that numbers events, sends them in batches and retries; in memory alone. In a Worker, make one for each request:
 * what one request has begun, another may not go on with.
 *
 * With the type of a tracking plan, `createMillrace<Plan>(...)`, names and fields are checked when your code is compiled,
 * and nothing is checked when it runs.
 *
 * @example
 * import { createMillrace } from '@millrace/node/edge'
 *
 * export default {
 *   async fetch(request: Request, env: unknown, ctx: { waitUntil(promise: Promise<unknown>): void }) {
 *     const millrace = createMillrace({
 *       writeKey: 'wk_shop',
 *       endpoint: 'https://events.example.com',
 *       waitUntil: (promise) => ctx.waitUntil(promise),
 *     })
 *     millrace.track({ userId: 'u1', event: 'Order Completed', properties: { total: 42 } })
 *     return new Response('Thank you')
 *   },
 * }
 *
 * @throws TypeError or RangeError naming the option, the rule and the value: `flushAt must be an integer >= 1, got 0`.
 */
export function createMillrace<P extends PlanShape = Unplanned>(
  options: MillraceOptions & { defaults: () => Defaults | undefined },
): Millrace<P, KnownIdentity>
export function createMillrace<P extends PlanShape = Unplanned>(options: MillraceOptions): Millrace<P>
export function createMillrace(options: MillraceOptions): Millrace {
  if (typeof options === 'object' && options !== null && 'spool' in options && options.spool !== undefined) {
    throw new TypeError('spool needs a file system: import @millrace/node in Node, Deno or Bun')
  }
  return createClient(options, { gzip: findGzip() })
}
