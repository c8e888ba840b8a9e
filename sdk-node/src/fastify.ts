/** Plugin for Fastify 4 and 5. Imports nothing of it: requests and replies are taken for what they have. */

import { joinUrl } from './frameworks/request-facts.ts'
import { type NodeResponse, onResponseEnd, readAnswer } from './frameworks/response-end.ts'
import type { MiddlewareClient, MiddlewareOptions } from './frameworks/types.ts'
import { checkClient, createVisits, type Visit } from './frameworks/visits.ts'

export type { MiddlewareClient, MiddlewareOptions } from './frameworks/types.ts'

/** The part of Fastify's request that is used. */
export interface FastifyRequestLike {
  readonly method: string
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly originalUrl: string
  readonly protocol: string
  /** Fastify 5; with the port. */
  readonly host?: string | undefined
  /** With the port in Fastify 4. */
  readonly hostname: string
  readonly ip: string
  readonly routeOptions: { readonly url?: string | undefined }
}

/** The part of Fastify's reply that is used. */
export interface FastifyReplyLike {
  readonly raw: NodeResponse
  getHeader(name: string): unknown
}

/** The part of a Fastify instance that is used. */
export interface FastifyLike {
  decorateRequest(name: string, value: null): unknown
  addHook(name: 'onRequest' | 'preValidation', hook: unknown): unknown
}

/** Options of {@link millrace}. */
export interface FastifyOptions<Request extends FastifyRequestLike = FastifyRequestLike>
  extends MiddlewareOptions<Request> {
  /** Send `request.ip` as `context.ip`; Fastify's option `trustProxy` says whose it is. Default false. */
  ip?: boolean | undefined
}

/** A plugin, as `register` takes it. */
export type FastifyPlugin = (app: FastifyLike, options: unknown, done: () => void) => void

/**
 * Gives each request the client with its visitor's identity and context: `request.millrace`. The plugin holds for the
 * instance that it is registered on, as those of fastify-plugin do.
 *
 * @example
 * import { createMillrace } from '@millrace/node'
 * import { millrace } from '@millrace/node/fastify'
 * import Fastify from 'fastify'
 *
 * const client = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.example.com' })
 * const app = Fastify()
 * app.register(millrace(client, { pages: true, api: true }))
 *
 * @throws TypeError for what is no client, or an option of the wrong kind
 */
export function millrace<Request extends FastifyRequestLike = FastifyRequestLike>(
  client: MiddlewareClient,
  options: FastifyOptions<Request> = {},
): FastifyPlugin {
  checkClient(client)
  const beginVisit = createVisits(options)
  const visits = new WeakMap<Request, Visit>()

  function onRequest(request: Request, reply: FastifyReplyLike, next: () => void): void {
    const visit = beginVisit(client, request, describe(request, options))
    visits.set(request, visit)
    Object.assign(request, { millrace: visit.millrace })
    onResponseEnd(reply.raw, (isAborted) => {
      const { status, contentType } = readAnswer(reply.raw)
      const route = request.routeOptions?.url
      visit.end({
        status,
        contentType: contentType || String(reply.getHeader('content-type') ?? ''),
        route,
        isAborted,
      })
    })
    visit.run(next)
  }

  /**
   * Reading a body goes on in the context of the socket, not of the request (nodejs/node issue 34430). Newer versions of
   * Fastify 5 carry it over themselves.
   */
  function preValidation(request: Request, _: FastifyReplyLike, next: () => void): void {
    const visit = visits.get(request)
    if (visit === undefined) next()
    else visit.run(next)
  }

  function plugin(app: FastifyLike, _: unknown, done: () => void): void {
    app.decorateRequest('millrace', null)
    app.addHook('onRequest', onRequest)
    if (options.context !== undefined) app.addHook('preValidation', preValidation)
    done()
  }

  // What fastify-plugin sets: without them the hooks would hold for this plugin's own routes, of which it has none.
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: '@millrace/node',
  })
}

function describe(request: FastifyRequestLike, { ip }: { ip?: boolean | undefined }) {
  const { method, headers, protocol, originalUrl } = request
  const url = joinUrl(protocol, request.host ?? request.hostname, originalUrl)
  return { method, headers, url, ip: ip ? request.ip : undefined }
}
