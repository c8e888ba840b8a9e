/**
 * What the helpers for frameworks want of a client, and what they take from their callers. Written out, so that the
 * published declarations import no framework, and fit a client with any plan.
 */

import type { Defaults } from '../event-arguments.ts'

/** The calls that the helpers make by themselves. */
export interface AutomaticCalls {
  track(event: {
    event: string
    userId?: string | undefined
    timestamp?: number | undefined
    properties?: object | undefined
  }): boolean
  page(view: {
    userId?: string | undefined
    timestamp?: number | undefined
    properties?: object | undefined
  }): boolean
}

/** Sends what waits; the client is one. */
export interface Flushable {
  flush(options?: { timeoutMs?: number | undefined }): Promise<unknown>
}

/** A client of `createMillrace`, or what `with` makes of one; whatever its plan. */
export interface MiddlewareClient extends Flushable {
  with(defaults: Defaults): { track(event: never): boolean; page(view: never): boolean }
}

/** A context that follows a request through everything that runs for it; `createRequestContext` of `@millrace/node/context`. */
export interface RequestContext {
  /** Calls the function, and returns what it returns. What runs inside has these defaults over those around. */
  run<Result>(defaults: Defaults, callback: () => Result): Result
  /** The defaults here; `undefined` outside of every `run`. */
  current(): Defaults | undefined
}

/** Whether a request gets an automatic event: a boolean, or a function that says so or gives further properties. */
export type AutomaticEvent<Request> = boolean | ((request: Request) => boolean | object)

/** Options that all frameworks have. A function of these that throws counts as one that knows nothing. */
export interface MiddlewareOptions<Request> {
  /**
   * The user's id, where the request is a known user's. Asked when the request comes, and again for an automatic event
   * after the response, so that a login counts. Not awaited: put the middleware behind what loads the session.
   */
  identify?: ((request: Request) => string | null | undefined) | undefined
  /**
   * An id for visitors who have neither a cookie nor a user id. By default (`skip`) they get no automatic events, and calls
   * in a handler must name a user themselves. No cookie is ever set.
   */
  anonymous?: 'skip' | ((request: Request) => string | null | undefined) | undefined
  /** Record a `page` for each HTML page that a browser navigates to; the function is asked for those only. Default false. */
  pages?: AutomaticEvent<Request> | undefined
  /** Record a `track` for each request to a route that answers no page; the function is asked for those only. Default false. */
  api?: AutomaticEvent<Request> | undefined
  /** Name of that event. Default `API Request`. */
  apiEvent?: string | undefined
  /** See `readBrowserIdentity`. */
  identityCookie?: string | undefined
  /** Run handlers inside this context, so that the client itself knows the request wherever it is called. */
  context?: RequestContext | undefined
  /** Milliseconds since the epoch. Default: `Date.now`. */
  now?: (() => number) | undefined
}
