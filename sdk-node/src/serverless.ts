/** Sends what waits before a function's host may freeze it. No platform's modules: for AWS Lambda, Workers and their like. */

import type { Flushable } from './frameworks/types.ts'

export type { Flushable } from './frameworks/types.ts'

/** Options of {@link withFlush}. */
export interface WithFlushOptions {
  /** Longest time in milliseconds that a call waits for its events to be sent. Default 2,000. */
  timeoutMs?: number | undefined
}

type Callback = (error: unknown, result?: unknown) => void

/**
 * A handler that sends what its calls have tracked. Its result and its errors are the handler's own.
 *
 * - `(event, context)`, async or not: the result waits for the events, in success and in failure.
 * - `(event, context, callback)`: the same; the result of the callback is that of the promise that is returned.
 * - `(request, env, context)` with `context.waitUntil`: the response does not wait, the events are sent behind it.
 *
 * @example
 * import { createMillrace } from '@millrace/node'
 * import { withFlush } from '@millrace/node/serverless'
 *
 * const millrace = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.example.com' })
 *
 * export const handler = withFlush(millrace, async (event: { userId: string }) => {
 *   millrace.track({ userId: event.userId, event: 'Order Completed' })
 *   return { statusCode: 200 }
 * })
 *
 * @throws TypeError when client and handler are not what they should be; RangeError when `timeoutMs` is not a number >= 0
 */
export function withFlush<Arguments extends unknown[], Result>(
  client: Flushable,
  handler: (...args: Arguments) => Result,
  { timeoutMs = 2_000 }: WithFlushOptions = {},
): (...args: Arguments) => Promise<Awaited<Result>> {
  if (typeof client?.flush !== 'function' || typeof handler !== 'function') {
    throw new TypeError('withFlush takes a client of createMillrace and a handler, in this order')
  }
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0)) {
    throw new RangeError(`timeoutMs must be a number >= 0, got ${timeoutMs}`)
  }
  // Rest parameters on purpose: to AWS a handler with three parameters is one with a callback.
  return async (...args): Promise<Awaited<Result>> => {
    try {
      return (await call(handler, args)) as Awaited<Result>
    } finally {
      const sent = flush(client, timeoutMs)
      if (!waitBehind(args, sent)) await sent
    }
  }
}

/** The handler's result, from whichever speaks first: what it returns or its callback. */
function call<Arguments extends unknown[]>(
  handler: (...args: Arguments) => unknown,
  args: Arguments,
): unknown {
  const given = args[2]
  const wantsCallback = handler.length >= 3 && (given === undefined || typeof given === 'function')
  if (!wantsCallback) return handler(...args)
  return new Promise((resolve, reject) => {
    const callback: Callback = (error, result) => {
      if (error === null || error === undefined) resolve(result)
      else reject(error)
    }
    const result = handler(...([args[0], args[1], callback] as unknown[] as Arguments))
    if (result instanceof Promise) result.then(resolve, reject)
  })
}

/** Never rejects: what was not sent is in the client's own books. */
async function flush(client: Flushable, timeoutMs: number): Promise<void> {
  try {
    await client.flush({ timeoutMs })
  } catch {
    // The handler's result is not the worse for it.
  }
}

function waitBehind(args: readonly unknown[], sent: Promise<void>): boolean {
  const context = args.find(hasWaitUntil)
  context?.waitUntil(sent)
  return context !== undefined
}

function hasWaitUntil(value: unknown): value is { waitUntil(promise: Promise<unknown>): void } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'waitUntil' in value &&
    typeof value.waitUntil === 'function'
  )
}
