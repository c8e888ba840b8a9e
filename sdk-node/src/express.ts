/** Middleware for Express 4 and 5. Imports nothing of it: requests and responses are taken for what they have. */

import { watchRoute } from './frameworks/express-route.ts'
import { joinUrl } from './frameworks/request-facts.ts'
import { type NodeResponse, onResponseEnd, readAnswer } from './frameworks/response-end.ts'
import type { MiddlewareClient, MiddlewareOptions } from './frameworks/types.ts'
import { checkClient, createVisits } from './frameworks/visits.ts'

export type { MiddlewareClient, MiddlewareOptions } from './frameworks/types.ts'

/** The part of Express's request that is used. */
export interface ExpressRequest {
  readonly method: string
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly originalUrl: string
  readonly protocol: string
  readonly hostname: string | undefined
  readonly ip?: string | undefined
}

/** Options of {@link millrace}. */
export interface ExpressOptions<Request extends ExpressRequest = ExpressRequest>
  extends MiddlewareOptions<Request> {
  /** Send `req.ip` as `context.ip`; Express's setting `trust proxy` says whose it is. Default false. */
  ip?: boolean | undefined
}

/**
 * Gives each request the client with its visitor's identity and context: `req.millrace`.
 *
 * @example
 * import { createMillrace } from '@millrace/node'
 * import { millrace } from '@millrace/node/express'
 * import express, { type Request } from 'express'
 *
 * const client = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.example.com' })
 * const app = express()
 * app.use(millrace(client, { pages: true, identify: (req: Request) => req.get('x-user-id') }))
 *
 * @throws TypeError for what is no client, or an option of the wrong kind
 */
export function millrace<Request extends ExpressRequest = ExpressRequest>(
  client: MiddlewareClient,
  options: ExpressOptions<Request> = {},
): (request: Request, response: NodeResponse, next: () => void) => void {
  checkClient(client)
  const beginVisit = createVisits(options)

  return (request, response, next) => {
    const { method, headers, originalUrl, protocol } = request
    const url = joinUrl(protocol, readHost(request), originalUrl)
    const visit = beginVisit(client, request, {
      method,
      headers,
      url,
      ip: options.ip ? request.ip : undefined,
    })
    Object.assign(request, { millrace: visit.millrace })
    const readRoute = options.api ? watchRoute(request) : () => undefined
    onResponseEnd(response, (isAborted) => {
      visit.end({ ...readAnswer(response), route: readRoute(), isAborted })
    })
    visit.run(next)
  }
}

/** `hostname` heeds `trust proxy` and has no port; that is in the header, unless a proxy stands between. */
function readHost({ hostname, headers }: ExpressRequest): string | undefined {
  const host = headers['host']
  if (hostname === undefined || typeof host !== 'string') return hostname
  return host.replace(/:\d+$/, '') === hostname ? host : hostname
}
