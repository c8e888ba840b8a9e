/** Middleware for Hono 4, on whatever it runs. Imports nothing of it: a context is taken for what it has. */

import type { MiddlewareClient, MiddlewareOptions } from './frameworks/types.ts'
import { checkClient, createVisits } from './frameworks/visits.ts'

export type { MiddlewareClient, MiddlewareOptions } from './frameworks/types.ts'

/** The part of Hono's context that is used. */
export interface HonoContext {
  readonly req: {
    readonly method: string
    readonly url: string
    readonly raw: { readonly headers: { get(name: string): string | null } }
    readonly routeIndex: number
    readonly matchedRoutes: readonly { readonly method: string; readonly path: string }[]
  }
  readonly res: { readonly status: number; readonly headers: { get(name: string): string | null } }
  readonly finalized: boolean
  /** On Workers; throws elsewhere. */
  readonly executionCtx: { waitUntil(promise: Promise<unknown>): void }
  set(name: 'millrace', value: unknown): void
}

/** Options of {@link millrace}. */
export interface HonoOptions<Context extends HonoContext = HonoContext> extends MiddlewareOptions<Context> {
  /** The visitor's address, to be sent as `context.ip`; which header is to be trusted is yours to know. Default: none is sent. */
  ip?: ((context: Context) => string | null | undefined) | undefined
}

/**
 * Gives each request the client with its visitor's identity and context: `c.get('millrace')`. A response counts as ended
 * when its head is there, because a body that streams is not watched. On Workers what waits is then sent, behind the
 * response.
 *
 * @example
 * import { createMillrace } from '@millrace/node'
 * import { millrace } from '@millrace/node/hono'
 * import { Hono } from 'hono'
 *
 * const client = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.example.com' })
 * const app = new Hono()
 * app.use(millrace(client, { pages: true, identify: (c) => c.req.raw.headers.get('x-user-id') }))
 *
 * @param client a function where each request has a client of its own, as in Workers; what it throws is the app's to handle
 * @throws TypeError for what is no client, or an option of the wrong kind
 */
export function millrace<Context extends HonoContext = HonoContext>(
  client: MiddlewareClient | ((c: Context) => MiddlewareClient),
  options: HonoOptions<Context> = {},
): (c: Context, next: () => Promise<void>) => Promise<void> {
  if (typeof client !== 'function') checkClient(client)
  const beginVisit = createVisits(options)

  return async (c, next) => {
    const { method, url, raw } = c.req
    const own = typeof client === 'function' ? client(c) : client
    const visit = beginVisit(own, c, { method, url, headers: raw.headers, ip: readIp(options.ip, c) })
    c.set('millrace', visit.millrace)
    try {
      await visit.run(next)
    } finally {
      visit.end({
        status: c.finalized ? c.res.status : undefined,
        contentType: (c.finalized && c.res.headers.get('content-type')) || '',
        route: readRoute(c),
        isAborted: false,
      })
      flushBehind(c, own)
    }
  }
}

function readIp<Context>(ask: ((c: Context) => unknown) | undefined, c: Context): string | undefined {
  try {
    const ip = ask?.(c)
    return typeof ip === 'string' ? ip : undefined
  } catch {
    // As with the other functions of the caller's: nothing is known then.
    return undefined
  }
}

/** The route that ran last; what `use` adds is `ALL` with a `*` at the end, and no route. */
function readRoute({ req }: HonoContext): string | undefined {
  const route = req.matchedRoutes[req.routeIndex]
  const isMiddleware = route?.method === 'ALL' && route.path.endsWith('*')
  return isMiddleware ? undefined : route?.path
}

function flushBehind(c: HonoContext, client: MiddlewareClient): void {
  try {
    c.executionCtx.waitUntil(client.flush().catch(() => {}))
  } catch {
    // Only Workers and their like have one; elsewhere the client sends by itself.
  }
}
