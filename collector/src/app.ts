/** The collector's routes, in the order they run. What a rule does inside is in the rule's own file. */

import type { EventType, Route, SampledLog } from '@millrace/schemas'
import { BATCH_PATH, EVENT_TYPES, IMPORT_PATH } from '@millrace/schemas'
import type { Context } from 'hono'
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { createEdgeTools, type EdgeEffects } from './accept/edge-tools.ts'
import { createAuthorize, findSender } from './authorize.ts'
import type { LookupBucket } from './enrich/lookup-store.ts'
import type { HeartbeatGate } from './heartbeat.ts'
import type { LakeBucket } from './lake/bucket.ts'
import { QUESTION_NAMES } from './query/questions.ts'
import type { RateLimits } from './rate-limits.ts'
import type { Books } from './receipts/books.ts'
import { noteRefusal } from './receipts/enter.ts'
import {
  type Batch,
  batchOf,
  batchOfEvent,
  describeReceived,
  identifyLone,
  type ReceiveDeps,
  readJsonBody,
  receive,
} from './receive.ts'
import { answerJson, refusal, refuse, refuseUnexpected } from './refuse.ts'
import {
  type DeadLetterDeps,
  type DeadLetterStore,
  takeDeadLetter,
  takeDeadList,
  takeDeadReplay,
} from './routes/dead-letters.ts'
import { takeDownload, takeFile, takeManifest } from './routes/lake.ts'
import { type LiveDeps, takeLive, takeWindows } from './routes/live.ts'
import { takeLookup } from './routes/lookups.ts'
import { type MetricsDeps, takeMetrics } from './routes/metrics.ts'
import { type QueryDeps, takeQuestion } from './routes/query.ts'
import { replay } from './routes/replay.ts'
import { type SpillDeps, takeSpillDrain, takeSpillList } from './routes/spill.ts'
import { takeImage } from './routes/take-image.ts'
import { tellRudderConfig, tellSegmentSettings } from './routes/tell-settings.ts'
import type { Sources } from './sources.ts'

/** What the collector needs of the world. */
export interface CollectorDeps {
  sources: Sources
  /** Makes envelopes durable; the answer waits for it. Rejects when they may not be. */
  makeDurable: ReceiveDeps['makeDurable']
  /** See {@link ReceiveDeps.books}. */
  books?: Books
  /** Our clock, milliseconds since 1970. */
  now: () => number
  /** Takes one structured line; never a payload or a key. */
  log: (record: Record<string, unknown>) => void
  /** Takes lines of which only those of a share of all batches are written. Default: none are. */
  logSampled?: SampledLog
  /** Lets the heartbeat in. Default: there is none. */
  heartbeat?: HeartbeatGate
  /** Lookup tables and ids of visitors; default: none of either. */
  edge?: Partial<EdgeEffects>
  /** A Worker secret by the name of its variable. Default: none is set. */
  secret?: (variable: string) => string | undefined
  /** Default: no limit. */
  limits?: RateLimits
  /** Where lookup tables are stored. Default: nowhere, and the route answers 503. */
  lookupBucket?: LookupBucket
  /** Where dead letters are. Default: nowhere, and their routes answer 503. */
  deadLetters?: DeadLetterStore
  /** What the queue did not take. Default: nothing is known of it, and its routes answer 503. */
  spill?: Partial<Pick<SpillDeps, 'bucket' | 'drain'>>
  /** Answers questions about events. Default: nothing does, and the routes answer 503. */
  answer?: QueryDeps['answer']
  /** Where the lake is. Default: nowhere, and its routes answer 503. */
  lake?: LakeBucket
  /** Asks the object that keeps the live windows of a source. Default: there is none, and the routes answer 503. */
  askLive?: LiveDeps['askLive']
  /** What `/metrics` tells. Default: there is no such route. */
  metrics?: MetricsDeps
  /** The OpenAPI description, made when it is first asked for. Default: there is none. */
  describeApi?: () => object
  /** Serves the demo shop; only in development. Default: there is none. */
  demo?: (request: Request) => Promise<Response>
}

/** How long a browser may remember the answer to a preflight. Chromium caps it at two hours. */
const PREFLIGHT_SECONDS = 7_200

/** Segment's short path of each type. */
const SHORT_PATHS: Record<EventType, string> = {
  track: '/v1/t',
  page: '/v1/p',
  screen: '/v1/s',
  identify: '/v1/i',
  group: '/v1/g',
  alias: '/v1/a',
}

/** Builds the collector. Every answer that is an error has an `ErrorAnswer` as its body and CORS headers. */
export function createApp(deps: CollectorDeps): Hono {
  // Not strict: `/v1/batch/` is the same route, and an SDK that got 404 would drop its batch.
  const app = new Hono({ strict: false })
  const receiving = createReceiving(deps)

  const preflight = cors({
    origin: (origin) => origin || '*',
    credentials: true,
    allowMethods: ['GET', 'POST', 'PUT', 'OPTIONS'],
    maxAge: PREFLIGHT_SECONDS,
  })
  app.use((c, next) => (c.req.method === 'OPTIONS' ? preflight(c, next) : allowOrigin(c, next)))

  const get = (path: string, handler: (c: Context) => Response | Promise<Response>) =>
    route('GET', path, handler)
  const post = (path: string, handler: (c: Context) => Response | Promise<Response>) =>
    route('POST', path, handler)
  const route = (method: string, path: string, handler: (c: Context) => Response | Promise<Response>) => {
    app.on(method, path, handler)
    app.all(path, (c) => refuseMethod(c, method))
  }

  get('/health', (c) => c.json({ status: 'ok' }))
  for (const path of [BATCH_PATH, '/v1/b', '/beacon/v1/batch']) {
    post(path, (c) => takeBatch(c, receiving, 'batch'))
  }
  post(IMPORT_PATH, (c) => takeBatch(c, receiving, 'import'))
  for (const type of EVENT_TYPES) {
    for (const path of [`/v1/${type}`, SHORT_PATHS[type]]) post(path, (c) => takeEvent(c, receiving, type))
    get(`/v1/pixel/${type}`, (c) => takeImage(c, receiving, { type, hasData: true }))
  }
  for (const type of ['track', 'page'] as const) {
    get(`/pixel/v1/${type}`, (c) => takeImage(c, receiving, { type, hasData: false }))
  }
  // Counters that analytics.js keeps about itself.
  post('/v1/m', (c) => c.json({ success: true }))

  for (const prefix of ['', '/:prefix']) {
    get(`${prefix}/v1/projects/:writeKey/settings`, (c) => tellSegmentSettings(c, deps.sources))
    get(`${prefix}/sourceConfig`, (c) => tellRudderConfig(c, deps.sources))
  }

  post('/v1/replay', async (c) => {
    const refused = await refuseWithoutSecret(c, receiving, 'operator')
    if (refused !== undefined) return refused
    const read = await readJsonBody(c.req.raw, MAX_REPLAY_BYTES)
    const received = read.ok ? await replay(c, receiving, read.body) : read
    if (!received.ok) return refuse(c, received)
    const { acceptedCount, receipts } = received
    return answerJson(c, { success: true, accepted: acceptedCount, receipts })
  })
  route('PUT', '/v1/lookups/:name', (c) => takeLookup(c, receiving, deps.lookupBucket))

  const dead: DeadLetterDeps = { ...receiving, store: deps.deadLetters }
  get('/v1/dead', (c) => takeDeadList(c, dead))
  post('/v1/dead/replay', (c) => takeDeadReplay(c, dead))
  get('/v1/dead/:key{.+}', (c) => takeDeadLetter(c, dead))
  const spill: SpillDeps = { ...receiving, bucket: deps.spill?.bucket, drain: deps.spill?.drain }
  get('/v1/spill', (c) => takeSpillList(c, spill))
  post('/v1/spill/drain', (c) => takeSpillDrain(c, spill))

  for (const name of QUESTION_NAMES) {
    const path = `/v1/query/${name}`
    app.on(['GET', 'POST'], path, (c) => takeQuestion(c, deps, name))
    app.all(path, (c) => refuseMethod(c, 'GET, POST'))
  }
  app.all('/v1/query/:question?', (c) => refuse(c, refusal(404, 'not_found', KNOWN_QUESTIONS)))

  get('/v1/lake/manifest', (c) => takeManifest(c, deps))
  get('/v1/lake/files/:date/:hour/:file', (c) => takeFile(c, deps))
  app.on(['GET', 'POST'], '/v1/lake/download', (c) => takeDownload(c, deps))
  app.all('/v1/lake/download', (c) => refuseMethod(c, 'GET, POST'))

  get('/v1/live', (c) => takeLive(c, deps))
  get('/v1/live/windows', (c) => takeWindows(c, deps))

  get('/metrics', (c) => takeMetrics(c, deps.metrics, deps.log))

  const { describeApi, demo } = deps
  if (describeApi !== undefined) get('/openapi.json', (c) => c.json(describeApi()))
  if (demo !== undefined) {
    app.get('/', (c) => c.redirect('/demo/'))
    app.get('/demo/*', (c) => demo(c.req.raw))
  }

  app.notFound((c) => refuse(c, refusal(404, 'not_found', `there is nothing at ${shownPath(c)}`)))
  app.onError((error, c) => refuse(c, refuseUnexpected(c, deps, error)))
  return app
}

/**
 * Lets the page read the answer. By hand where it counts: `hono/cors` sets its headers after the answer is made, which
 * copies it and takes 30 µs a request.
 */
function allowOrigin(c: Context, next: () => Promise<void>): Promise<void> {
  // The origin itself, not `*`: a beacon and a cookie need credentials, which `*` rules out.
  c.header('Access-Control-Allow-Origin', c.req.raw.headers.get('origin') ?? '*')
  c.header('Access-Control-Allow-Credentials', 'true')
  c.header('Access-Control-Expose-Headers', 'Retry-After')
  c.header('Vary', 'Origin')
  // What a stranger sent is quoted in answers: no browser may take one for a page or a script.
  c.header('X-Content-Type-Options', 'nosniff')
  return next()
}

/**
 * Largest body of a replay: one event with its context, quoted, is under 200 KB. Parsed, a body of `{}` takes 23 times its
 * bytes of the isolate's 128 MB.
 */
const MAX_REPLAY_BYTES = 1024 * 1024

function createReceiving({
  sources,
  limits,
  secret,
  edge,
  makeDurable,
  books,
  heartbeat,
  now,
  log,
  logSampled,
}: CollectorDeps): ReceiveDeps {
  return {
    makeDurable,
    books,
    findSender: (request) => findSender(sources, request),
    now,
    log,
    outcomes: logSampled === undefined ? undefined : { log, logSampled },
    authorize: createAuthorize({
      sources,
      log,
      heartbeat,
      limits: limits ?? { bySource: undefined, byClient: undefined },
      secret: secret ?? (() => undefined),
    }),
    tools: createEdgeTools({
      lookups: undefined,
      cookielessId: undefined,
      randomId: () => crypto.randomUUID(),
      now,
      log,
      ...edge,
    }),
  }
}

const KNOWN_QUESTIONS = `there is no such question; known: ${QUESTION_NAMES.join(', ')}`

/** A secret key is in the header, so whoever has none is refused before anything is read on its behalf. */
async function refuseWithoutSecret(
  c: Context,
  { authorize }: ReceiveDeps,
  route: 'import' | 'operator',
): Promise<Response | undefined> {
  const authorized = await authorize(c.req.raw, {}, route)
  return authorized.ok ? undefined : refuse(c, authorized)
}

async function takeBatch(c: Context, receiving: ReceiveDeps, route: Route): Promise<Response> {
  const refused = route === 'import' ? await refuseWithoutSecret(c, receiving, route) : undefined
  if (refused !== undefined) return refused
  const read = await readJsonBody(c.req.raw)
  if (!read.ok) return refuse(c, noteRefusal(c, receiving, read))
  return answer(c, receiving, batchOf(read.body, read.text), route)
}

async function takeEvent(c: Context, receiving: ReceiveDeps, type: EventType): Promise<Response> {
  const read = await readJsonBody(c.req.raw)
  if (!read.ok) return refuse(c, noteRefusal(c, receiving, read))
  const event = identifyLone(read.body, receiving.tools.randomId)
  return answer(c, receiving, batchOfEvent(event, read.text, type), 'batch')
}

async function answer(c: Context, receiving: ReceiveDeps, batch: Batch, route: Route): Promise<Response> {
  const received = await receive(c, receiving, batch, route)
  return received.ok
    ? answerJson(c, describeReceived(received))
    : refuse(c, noteRefusal(c, receiving, received, batch))
}

function refuseMethod(c: Context, allowed: string): Response {
  c.header('Allow', `${allowed}, OPTIONS`)
  return refuse(
    c,
    refusal(405, 'method_not_allowed', `${shownPath(c)} takes ${allowed}, not ${c.req.method}`),
  )
}

function shownPath(c: Context): string {
  const { path } = c.req
  return path.length > MAX_SHOWN_PATH ? `${path.slice(0, MAX_SHOWN_PATH)}…` : path
}

/** Longest path that an answer quotes, in UTF-16 units. */
const MAX_SHOWN_PATH = 200
