/** Platform entry of the collector: builds the app from a Worker's bindings, once per environment. */

import {
  createSampledLog,
  encodeLogLine,
  type LogRecord,
  METRICS_TOKEN_VAR,
  type MillraceConfig,
} from '@millrace/schemas'
import { createApp } from './app.ts'
import type { DeadBucket } from './dead/bucket.ts'
import { createMakeDurable } from './durable.ts'
import { createEnqueue, type EventQueue } from './enqueue.ts'
import type { LookupBucket } from './enrich/lookup-store.ts'
import { createLookups } from './enrich/lookups.ts'
import { createHeartbeatGate, type HeartbeatBucket } from './heartbeat.ts'
import { createCacheMarks } from './identity/cache-marks.ts'
import { createCookielessIds } from './identity/cookieless.ts'
import { createSalts, type SaltBucket } from './identity/salts.ts'
import type { LakeBucket } from './lake/bucket.ts'
import { describeApi } from './openapi.ts'
import { createAnswer } from './query/answer.ts'
import { createAnswerCache } from './query/cache.ts'
import { createRunStatement } from './query/clickhouse.ts'
import type { RateLimiter } from './rate-limits.ts'
import { createBooks } from './receipts/books.ts'
import type { SpillDrained, SpillListBucket } from './routes/spill.ts'
import { createSources, DEVELOPMENT_SOURCE, readSecret, resolveSources } from './sources.ts'
import { createSpill, type SpillBucket } from './spill.ts'

export type { CollectorDeps } from './app.ts'
export { destroyOldSalts } from './identity/salts.ts'

/** The bindings that the collector uses. */
export interface CollectorEnv {
  MILLRACE_ENV: string
  CLICKHOUSE_URL: string
  CLICKHOUSE_USER: string
  CLICKHOUSE_PASSWORD: string
  CLICKHOUSE_DATABASE: string
  EVENTS_QUEUE: EventQueue
  LAKE: SpillBucket & SpillListBucket & LookupBucket & SaltBucket & DeadBucket & LakeBucket & HeartbeatBucket
  /** Rate limits; a deployment may leave any out. */
  SOURCE_LIMIT?: RateLimiter
  CLIENT_LIMIT?: RateLimiter
  QUERY_LIMIT?: RateLimiter
  ASSETS: { fetch: (request: Request) => Promise<Response> }
  /** Objects that keep live windows, by the names of sources; a deployment may have none. */
  LIVE?: { getByName: (source: string) => { fetch: (request: Request) => Promise<Response> } }
}

type Handler = (request: Request, context: ExecutionContext) => Response | Promise<Response>

/** What other parts of the Worker do for the collector. */
export interface FetchExtras<Env> {
  /** Drives the spill back to the queue, for some 20 s. Never rejects. Default: nothing does, and the route answers 503. */
  drainSpill?: (env: Env) => Promise<SpillDrained>
  /** The text that Prometheus reads. Default: there is no `/metrics`. */
  readMetrics?: (env: Env) => Promise<string>
}

/** A `fetch` handler for the given configuration. */
export function createFetchHandler<Env extends CollectorEnv>(
  config: MillraceConfig,
  extras: FetchExtras<Env> = {},
): (request: Request, env: Env, context: ExecutionContext) => Promise<Response> {
  const handlers = new WeakMap<Env, Handler>()
  return async (request, env, context) => {
    let handler = handlers.get(env)
    if (handler === undefined) {
      handler = createHandler(config, env, extras)
      handlers.set(env, handler)
    }
    return handler(request, context)
  }
}

function createHandler<Env extends CollectorEnv>(
  config: MillraceConfig,
  env: Env,
  { drainSpill, readMetrics }: FetchExtras<Env>,
): Handler {
  const now = Date.now
  const log = (record: LogRecord) => console.log(encodeLogLine(record))
  const logSampled = createSampledLog(log, config.logs)
  const secrets = { ...env } as Record<string, unknown>
  const salts = createSalts({ bucket: env.LAKE, now })
  const app = createApp({
    sources: createSources(resolveSources(config, secrets)),
    makeDurable: createMakeDurable({
      enqueue: createEnqueue({ queue: env.EVENTS_QUEUE }),
      spill: createSpill({ bucket: env.LAKE, now, randomHex }),
      now,
      log,
      logSampled,
    }),
    ...(config.heartbeat === false ? {} : { heartbeat: createHeartbeatGate({ bucket: env.LAKE, now, log }) }),
    books: createBooks({ now, randomId: randomHex }),
    edge: {
      lookups: createLookups({ bucket: env.LAKE, now, log }),
      cookielessId: createCookielessIds({ salts, marks: createCacheMarks(caches.default), now }),
    },
    secret: (variable) => readSecret(secrets, variable),
    limits: { bySource: env.SOURCE_LIMIT, byClient: env.CLIENT_LIMIT },
    lookupBucket: env.LAKE,
    lake: env.LAKE,
    deadLetters: { bucket: env.LAKE, queue: env.EVENTS_QUEUE },
    spill: {
      bucket: env.LAKE,
      ...(drainSpill === undefined ? {} : { drain: () => drainSpill(env) }),
    },
    answer: createAnswer({
      run: createRunStatement(connectionOf(env)),
      database: env.CLICKHOUSE_DATABASE,
      cache: createAnswerCache(caches.default, log),
      limiter: env.QUERY_LIMIT,
      now,
      log,
    }),
    ...(env.LIVE === undefined ? {} : { askLive: askLive(env.LIVE) }),
    ...(readMetrics === undefined
      ? {}
      : {
          metrics: {
            token: readSecret(secrets, config.metrics?.tokenVar ?? METRICS_TOKEN_VAR),
            read: () => readMetrics(env),
          },
        }),
    describeApi,
    now,
    log,
    logSampled,
    ...(env.MILLRACE_ENV === 'development' ? { demo: (request: Request) => serveDemo(request, env) } : {}),
  })
  return (request, context) => app.fetch(request, env, context)
}

function connectionOf(env: CollectorEnv) {
  return {
    url: env.CLICKHOUSE_URL,
    username: env.CLICKHOUSE_USER,
    password: env.CLICKHOUSE_PASSWORD,
    database: env.CLICKHOUSE_DATABASE,
  }
}

/** By a new stub each time: after an error one is of no more use. */
function askLive(objects: NonNullable<CollectorEnv['LIVE']>) {
  return (source: string, request: Request) => objects.getByName(source).fetch(request)
}

/** 16 hex digits. */
function randomHex(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Files of the shop are static assets; every other path under `/demo/` is a view of it, so it gets the page. */
async function serveDemo(request: Request, env: CollectorEnv): Promise<Response> {
  const url = new URL(request.url)
  // The shop shows a person where to look for the events; which port that is only the environment knows.
  if (url.pathname === '/demo/clickhouse-url') return new Response(env.CLICKHOUSE_URL)
  // The dashboard reads the development source without being asked for a token.
  if (url.pathname === '/demo/read-token') return new Response(DEVELOPMENT_SOURCE.readToken)
  return env.ASSETS.fetch(new Request(new URL('/demo/', url), { method: 'GET' }))
}
