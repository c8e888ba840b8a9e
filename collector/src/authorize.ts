/** Who a request comes from, and whether it may send: key, source, origin and rate, in that order. */

import type { Route } from '@millrace/schemas'
import { createSourceRules, type SourceRules } from './accept/source-rules.ts'
import type { HeartbeatGate } from './heartbeat.ts'
import { createOriginTest, readPageOrigin } from './origins.ts'
import { checkRate, RATE_PERIOD_SECONDS, type RateLimits } from './rate-limits.ts'
import { type RequestRefusal, refusal } from './refuse.ts'
import type { KeyMatch, Source, Sources } from './sources.ts'
import { readKeys } from './write-key.ts'

/** What {@link createAuthorize} needs. */
export interface AuthorizeEffects {
  sources: Sources
  limits: RateLimits
  /** A Worker secret by the name of its variable. */
  secret: (variable: string) => string | undefined
  log: (record: Record<string, unknown>) => void
  /** Lets the heartbeat in. Default: there is none. */
  heartbeat?: HeartbeatGate | undefined
}

/** A request that may send. */
export interface Authorized {
  ok: true
  source: Source
  rules: SourceRules
  isSecret: boolean
}

/**
 * Tells whether a request may send to a route. `fields` are those of its body, none when it is not read yet: a route that
 * needs the secret key asks so first, because that key is in the header.
 */
export type Authorize = (
  request: Request,
  fields: Record<string, unknown>,
  route: Route | 'operator',
) => Promise<Authorized | RequestRefusal>

/** Routes for history and for operators need the secret key. */
export function createAuthorize({ sources, limits, secret, log, heartbeat }: AuthorizeEffects): Authorize {
  const compiled = new Map<Source, { rules: SourceRules; isAllowedOrigin: (origin: string) => boolean }>()
  const compile = (source: Source) => {
    let entry = compiled.get(source)
    if (entry === undefined) {
      const isAllowedOrigin = createOriginTest(source.settings?.allowedOrigins)
      entry = { rules: createSourceRules(source, { secret, log }), isAllowedOrigin }
      compiled.set(source, entry)
    }
    return entry
  }

  return async (request, fields, route) => {
    const keyed = matchKey(sources, request, fields, route)
    const beating = keyed.ok ? undefined : await heartbeat?.(request)
    const match = beating === undefined ? keyed : { ok: true as const, source: beating, isSecret: false }
    if (!match.ok) return match
    const { source, isSecret } = match
    if (route !== 'batch' && !isSecret) {
      const message = `this route needs the secret key of source "${source.name}" (by header), not its write key`
      return { ...refusal(403, 'secret_key_required', message), source: source.name }
    }
    // Only text can name a source: what another client keeps under this key must not cost it the batch.
    if (typeof fields['source'] === 'string' && fields['source'] !== source.name) {
      const message = `this key is of source "${source.name}", the request is for another`
      return { ...refusal(403, 'wrong_source', message), source: source.name }
    }
    const { rules, isAllowedOrigin } = compile(source)
    const origin = readPageOrigin(request.headers)
    if (origin !== undefined && !isSecret && !isAllowedOrigin(origin)) {
      const message = `pages of ${origin.slice(0, 200)} may not send to source "${source.name}"; see allowedOrigins`
      return { ...refusal(403, 'origin_not_allowed', message), source: source.name }
    }
    if (!isSecret && source.settings?.rateLimits !== false) {
      const address = request.headers.get('cf-connecting-ip') ?? undefined
      const over = await checkRate(limits, source.name, address, log)
      if (over !== undefined) {
        const refused = refuseRate(over, source.name)
        return { ...refused, retryAfterSeconds: RATE_PERIOD_SECONDS, source: source.name }
      }
    }
    return { ok: true, source, rules, isSecret }
  }
}

/** Name of the source whose key a request has in its header or address, for a request whose body cannot be read. */
export function findSender(sources: Sources, request: Request): string | undefined {
  const match = matchKey(sources, request, {}, 'batch')
  return match.ok ? match.source.name : undefined
}

/** Made once: a request of an SDK has no query, and making one crosses into the runtime. */
const NO_QUERY = new URLSearchParams()

function matchKey(
  sources: Sources,
  request: Request,
  fields: Record<string, unknown>,
  route: Route | 'operator',
): ({ ok: true } & KeyMatch) | RequestRefusal {
  const queryStart = request.url.indexOf('?')
  const query = queryStart === -1 ? NO_QUERY : new URLSearchParams(request.url.slice(queryStart))
  const { header, exposed } = readKeys(request.headers.get('authorization'), fields, query)
  if (header.length === 0 && exposed.length === 0) return refuseMissing(route)
  const exposedMatches = exposed.map((key) => sources.find(key))
  // Also beside a good key in the header: the body would be kept in the quarantine, and with it the secret.
  if (exposedMatches.some((match) => match?.isSecret)) return refuseExposedSecret()
  for (const key of header) {
    const match = sources.find(key)
    if (match !== undefined) return { ok: true, ...match }
  }
  const match = exposedMatches.find((found) => found !== undefined)
  return match === undefined
    ? refusal(401, 'unknown_write_key', 'no source has this key')
    : { ok: true, ...match }
}

/** Refuses a secret key in a body, query or path: request logs and the quarantine would keep it. */
export function refuseExposedSecret(): RequestRefusal {
  const message =
    'a secret key is taken only from the Authorization header; a body or an address shows it to others'
  return refusal(401, 'unknown_write_key', message)
}

function refuseMissing(route: Route | 'operator'): RequestRefusal {
  const message =
    route === 'batch'
      ? 'a write key is needed: Authorization: Basic, "writeKey" in the body, or ?writeKey='
      : 'the secret key of the source is needed: Authorization: Basic, or bearer'
  return refusal(401, 'missing_write_key', message)
}

function refuseRate(over: 'source' | 'client', source: string): RequestRefusal {
  const whose = over === 'client' ? 'this client' : `source "${source}"`
  return refusal(
    429,
    'rate_limited',
    `${whose} sends more requests than its limit; send the same batch again later`,
  )
}
