/** One request from its arrival to its answer, for all frameworks: its own client, its context, its automatic event. */

import { type BrowserIdentity, readBrowserIdentity } from '../browser-identity.ts'
import { kindOf } from '../describe.ts'
import type { Defaults } from '../event-arguments.ts'
import { isApiCall, isPageView, type Outcome } from '../page-event.ts'
import { type RequestFacts, readContext, readRequestedPage } from './request-facts.ts'
import type { AutomaticCalls, AutomaticEvent, MiddlewareClient, MiddlewareOptions } from './types.ts'

/** A request that is being answered. */
export interface Visit {
  /** The client with the visitor's identity and context under each event. */
  millrace: AutomaticCalls
  /** Runs what answers the request inside the `context` option's context, if there is one. */
  run<Result>(callback: () => Result): Result
  /** To be called once, when the answer is out; records the automatic event. Never throws. */
  end(outcome: Outcome): void
}

/** The longest id that the collector takes, in UTF-16 units. */
const MAX_ID_LENGTH = 256

/** What each option may be: the last word is that of `typeof`. */
const KINDS = {
  identify: ['a function'],
  anonymous: ['a function'],
  pages: ['a boolean', 'a function'],
  api: ['a boolean', 'a function'],
  apiEvent: ['a string'],
  identityCookie: ['a string'],
  context: ['an object'],
  now: ['a function'],
} as const satisfies Record<keyof MiddlewareOptions<never>, string[]>

/**
 * A function that begins a visit for each request. It never throws.
 *
 * @throws TypeError for an option of the wrong kind
 */
export function createVisits<Request>(
  options: MiddlewareOptions<Request>,
): (client: MiddlewareClient, request: Request, facts: RequestFacts) => Visit {
  checkOptions(options)
  const { identify, anonymous = 'skip', identityCookie, context, now = Date.now } = options

  function readDefaults(request: Request, facts: RequestFacts): Defaults {
    const userId = askId(identify, request)
    const known: BrowserIdentity = readBrowserIdentity(facts.headers, { identityCookie })
    const isNobody = userId === undefined && known.anonymousId === undefined && anonymous !== 'skip'
    const anonymousId = isNobody ? askId(anonymous, request) : known.anonymousId
    return {
      ...(userId !== undefined && { userId }),
      ...(anonymousId !== undefined && { anonymousId }),
      context: readContext(facts),
    }
  }

  return (client, request, facts) => {
    const time = now()
    const defaults = readDefaults(request, facts)
    // Names of automatic events are known only now, so no plan's type has them; the collector knows the plan.
    const millrace = client.with(defaults) as AutomaticCalls

    function record(outcome: Outcome): void {
      const event = chooseEvent(options, request, facts, outcome, now() - time)
      if (event === undefined) return
      const userId = defaults.userId ?? askId(identify, request)
      if (userId === undefined && defaults.anonymousId === undefined) return
      const common = {
        ...(userId !== undefined && { userId }),
        timestamp: time,
        properties: event.properties,
      }
      if (event.name === undefined) millrace.page(common)
      else millrace.track({ ...common, event: event.name })
    }

    return {
      millrace,
      run: (callback) => (context === undefined ? callback() : context.run(defaults, callback)),
      end: (outcome) => void attempt(() => record(outcome)),
    }
  }
}

/** The automatic event of a request; without a name it is a page view. */
function chooseEvent<Request>(
  { pages = false, api = false, apiEvent = 'API Request' }: MiddlewareOptions<Request>,
  request: Request,
  facts: RequestFacts,
  outcome: Outcome,
  durationMs: number,
): { name?: string; properties: object } | undefined {
  if (pages !== false && isPageView(facts, outcome)) {
    const own = askFor(pages, request)
    return own && { properties: { ...readRequestedPage(facts), ...own } }
  }
  if (api === false || !isApiCall(facts, outcome)) return undefined
  const own = askFor(api, request)
  if (own === undefined) return undefined
  const { status, route, isAborted } = outcome
  const told = {
    method: facts.method,
    route,
    ...(status !== undefined && { status }),
    // The clock may have been set back meanwhile.
    durationMs: Math.max(0, Math.round(durationMs)),
    ...(isAborted && { aborted: true }),
  }
  return { name: apiEvent, properties: { ...told, ...own } }
}

/** Further properties, or `undefined` when there is to be no event. */
function askFor<Request>(wanted: AutomaticEvent<Request>, request: Request): object | undefined {
  const answer = typeof wanted === 'function' ? attempt(() => wanted(request)) : wanted
  if (answer === true) return {}
  return typeof answer === 'object' && answer !== null && !(answer instanceof Promise) ? answer : undefined
}

/** @throws TypeError for what is no client */
export function checkClient(client: MiddlewareClient): void {
  if (typeof client?.with === 'function' && typeof client.flush === 'function') return
  throw new TypeError(`client must be one of createMillrace, got ${kindOf(client)}`)
}

/** An id that the collector takes, or none: what is no text says nothing of the visitor. */
function askId<Request>(
  ask: ((request: Request) => unknown) | undefined,
  request: Request,
): string | undefined {
  const id = attempt(() => ask?.(request))
  return typeof id === 'string' && id !== '' && id.length <= MAX_ID_LENGTH ? id : undefined
}

/** Calls what is not ours: when it throws, now or (against its type) later, the request goes on without its answer. */
function attempt<Result>(call: () => Result): Result | undefined {
  try {
    const result = call()
    if (result instanceof Promise) result.catch(() => {})
    return result
  } catch {
    // Analytics must not fail the request that is being answered.
    return undefined
  }
}

function checkOptions(options: MiddlewareOptions<never>): void {
  for (const [name, kinds] of Object.entries(KINDS)) {
    const value = options[name as keyof typeof KINDS]
    const isFine = value === undefined || kinds.some((kind) => kind.endsWith(` ${typeof value}`))
    if (isFine || (name === 'anonymous' && value === 'skip')) continue
    throw new TypeError(`${name} must be ${kinds.join(' or ')}, got ${kindOf(value)}`)
  }
}
