/** What `@millrace/node` gives in Node, Deno and Bun. */

import { gzip } from 'node:zlib'
import { createClient } from './client.ts'
import type { NodeOptions } from './client-options.ts'
import type { Defaults, KnownIdentity, PlanShape, Unplanned } from './event-arguments.ts'
import { isTrueByDefault } from './options.ts'
import { openSpoolFor } from './spool/open-for-client.ts'
import { resolveSpool } from './spool-options.ts'
import type { Millrace } from './types.ts'

export * from './exports.ts'

/**
 * A client that numbers events, sends them in batches and retries; with `spool` it keeps them on disk until they are
 * answered for.
 *
 * With the type of a tracking plan, `createMillrace<Plan>(...)`, names and fields are checked when your code is compiled,
 * and nothing is checked when it runs.
 *
 * @example
 * import { createMillrace } from '@millrace/node'
 *
 * const millrace = createMillrace({
 *   writeKey: 'wk_shop',
 *   endpoint: 'https://events.example.com',
 *   spool: '/var/lib/shop/millrace',
 * })
 * millrace.track({ userId: 'u1', event: 'Order Completed', properties: { total: 42 } })
 * await millrace.close()
 *
 * @throws TypeError or RangeError naming the option, the rule and the value: `flushAt must be an integer >= 1, got 0`.
 *   Error when the spool's folder cannot be made or written.
 */
export function createMillrace<P extends PlanShape = Unplanned>(
  options: NodeOptions & { defaults: () => Defaults | undefined },
): Millrace<P, KnownIdentity>
export function createMillrace<P extends PlanShape = Unplanned>(options: NodeOptions): Millrace<P>
export function createMillrace(options: NodeOptions): Millrace {
  const spool = resolveSpool(options)
  const handlesSignals =
    options?.handleSignals === undefined
      ? spool !== undefined
      : isTrueByDefault('handleSignals', options.handleSignals)
  return createClient(options, {
    gzip: compress,
    handleSignals: handlesSignals,
    openSpool: spool === undefined ? undefined : (wiring) => openSpoolFor(spool, wiring),
  })
}

/** On a thread of its own: the event loop goes on meanwhile. */
function compress(text: string): Promise<ArrayBuffer> {
  return new Promise((resolve, reject) => {
    gzip(text, (error, bytes) => (error === null ? resolve(contentOf(bytes)) : reject(error)))
  })
}

/** The bytes alone: what a `Buffer` lies in may be larger. */
function contentOf({ buffer, byteOffset, byteLength }: Buffer<ArrayBuffer>): ArrayBuffer {
  return buffer.slice(byteOffset, byteOffset + byteLength)
}
