/** Platform entry of the consumers: queue name to handler, cron to job. */

import {
  createSampledLog,
  encodeLogLine,
  HEARTBEAT_SOURCE,
  type LogRecord,
  type MillraceConfig,
  type ResolvedHeartbeat,
  resolveHeartbeat,
} from '@millrace/schemas'
import { resolveLivePlan, shippedWindows } from '@millrace/schemas/live'
import { readRecomputeOptions, recomputeAll } from '@millrace/schemas/recompute'
import { createDeadHandler, type DeadLetterBucket } from './dead-handler.ts'
import { createEventsHandler } from './events-handler.ts'
import { createForgottenLookup } from './forgotten/lookup.ts'
import { withoutForgotten } from './forgotten/without-forgotten.ts'
import { type HeartbeatEffects, readHeartbeatLag, runHeartbeat } from './heartbeat/job.ts'
import { chooseDoor } from './heartbeat/send.ts'
import { runJobs, type ScheduledJob } from './jobs.ts'
import type { LakeBucket } from './lake/bucket.ts'
import { runLakeJob } from './lake/job.ts'
import { reconcileLake } from './lake/reconcile.ts'
import { createLakeSink } from './lake/sink.ts'
import { keepBooks } from './ledger/job.ts'
import { reportHealth } from './live/health-job.ts'
import { createInsertMeter, type InsertMeter } from './live/insert-times.ts'
import type { LiveObject } from './live/rpc.ts'
import { createLiveSink, createLiveSinkMemory, type LiveSinkMemory } from './live/sink.ts'
import { withOutcomeLog } from './log-outcomes.ts'
import { type LookupsBucket, loadLookups } from './lookups/load-lookups.ts'
import { createMetricsCache, gatherMetrics, type MetricsEffects } from './metrics/gather.ts'
import type { MeasuredQueue } from './metrics/stores.ts'
import { reportMonitors } from './monitors/job.ts'
import { reportPulse } from './pulse.ts'
import { createQuarantineSink, type QuarantineBucket } from './quarantine/sink.ts'
import type { HandlerEffects, OutgoingQueue, QueueMessage } from './queue.ts'
import { createRetryHandler } from './retry-handler.ts'
import type { SinkName } from './sink.ts'
import { type DrainedSpill, drainSpill, type SpillBucket, type SpillQueue } from './spill.ts'
import { connectionOf, createJsonInsert, createStatements } from './statements.ts'
import { withTimeout } from './timeout.ts'
import { createWarehouse, type Warehouse } from './warehouse/insert.ts'
import { createWarehouseSink } from './warehouse/sink.ts'

export type { ScheduledJob } from './jobs.ts'
export { LiveAggregator } from './live/aggregator.ts'
export type { DrainedSpill } from './spill.ts'

/** The bindings that the consumers use. */
export interface ConsumersEnv {
  MILLRACE_ENV: string
  CLICKHOUSE_URL: string
  CLICKHOUSE_USER: string
  CLICKHOUSE_PASSWORD: string
  CLICKHOUSE_DATABASE: string
  EVENTS_QUEUE: SpillQueue & MeasuredQueue
  RETRY_QUEUE: OutgoingQueue & MeasuredQueue
  DEAD_QUEUE: OutgoingQueue & MeasuredQueue
  LAKE: DeadLetterBucket & QuarantineBucket & SpillBucket & LookupsBucket & LakeBucket
  /** Objects that keep live windows, by the names of sources. */
  LIVE: { getByName: (source: string) => LiveObject }
  /** The Worker itself, as a service binding; a deployment may have none. */
  SELF?: { fetch: (request: Request) => Promise<Response> }
  /** `off`: this environment sends no heartbeat, whatever the configuration says; `on`: also in development, where none is sent else. */
  MILLRACE_HEARTBEAT?: string
}

/** What the rest of the Worker does for the cron. */
export interface ScheduledExtras {
  /** The Worker's own fetch handler, which heartbeats go through where there is no other way in. Default: there is none. */
  handleFetch?: ((request: Request) => Promise<Response>) | undefined
}

/** A batch as the platform delivers it. */
export interface IncomingBatch {
  queue: string
  messages: readonly QueueMessage[]
}

/** Handles a batch of any of the three queues. An unknown queue throws, so its messages are kept and the log says why. */
export async function handleQueue(
  config: MillraceConfig,
  batch: IncomingBatch,
  env: ConsumersEnv,
): Promise<void> {
  const handler = createHandlers(config, env)[queueRole(batch.queue)]
  if (handler === undefined) throw new Error(`no handler for the queue ${batch.queue}`)
  await handler(batch.messages)
}

/** The role of a queue is the last word of its name, so that environments may prefix theirs: `staging-millrace-events`. */
function queueRole(name: string): string {
  return name.slice(name.lastIndexOf('-') + 1)
}

/**
 * Runs the jobs of the cron trigger: says whether the warehouse answers, drives the spill back to the queue, computes anew
 * what follows from the events of the last minute, brings changed lookup tables to ClickHouse, publishes the lake, compares
 * the two, keeps the books, sends a heartbeat, and tells those who watch live how all of that is.
 *
 * @param extraJobs jobs of other parts of the Worker; none fails or waits because of another
 */
export async function handleScheduled(
  config: MillraceConfig,
  env: ConsumersEnv,
  extraJobs: readonly ScheduledJob[] = [],
  extras: ScheduledExtras = {},
): Promise<void> {
  const { EVENTS_QUEUE: queue, LAKE: bucket } = env
  const jobs: ScheduledJob[] = [
    // First, so that what the others compute in this isolate does not count as its time.
    ...heartbeatOf(config, env, extras),
    { name: 'pulse', run: () => reportPulse({ ping: connect(env).ping, now: Date.now, log }) },
    { name: 'spill', run: () => drainSpill({ bucket, queue, now: Date.now, log }) },
    { name: 'recompute', run: () => runRecompute(config, env) },
    { name: 'lookups', run: () => runLookups(config, env) },
    { name: 'lake', run: () => runLake(env) },
    { name: 'reconcile', run: () => runReconcile(config, env) },
    { name: 'ledger', run: () => runLedger(config, env) },
    { name: 'health', run: () => runHealth(config, env) },
  ]
  const done = { logSampled: createSampledLog(log, config.logs), now: Date.now }
  await runJobs([...jobs, ...extraJobs], log, done)
}

/** The job of the heartbeat, where there is to be one and a way in. */
function heartbeatOf(config: MillraceConfig, env: ConsumersEnv, extras: ScheduledExtras): ScheduledJob[] {
  const settings = heartbeatSettings(config, env)
  if (settings === undefined) return []
  const front = chooseDoor({ url: settings.url, self: env.SELF, inside: extras.handleFetch })
  if (front === undefined) return []
  const effects: HeartbeatEffects = {
    ...{ read: createStatements(connectionOf(env)).read, insert: createJsonInsert(env) },
    ...{ bucket: env.LAKE, object: () => env.LIVE.getByName(HEARTBEAT_SOURCE), front, now: Date.now, log },
  }
  return [{ name: 'heartbeat', run: () => runHeartbeat(effects, settings.objectives) }]
}

function heartbeatSettings({ heartbeat }: MillraceConfig, env: ConsumersEnv): ResolvedHeartbeat | undefined {
  // Who tries it out counts all rows of `events`, and means their own.
  const { MILLRACE_HEARTBEAT: wish = env.MILLRACE_ENV === 'development' ? 'off' : 'on' } = env
  return wish === 'off' ? undefined : resolveHeartbeat(heartbeat)
}

/** One an isolate, so that several scrapers cost no more than one. */
const metricsByEnv = new WeakMap<ConsumersEnv, ReturnType<typeof createMetricsCache>>()

/** The text that Prometheus reads, at most ten seconds old. Never rejects. */
export function readMetrics(config: MillraceConfig, env: ConsumersEnv): Promise<string> {
  const cache = metricsByEnv.get(env) ?? createMetricsCache(Date.now)
  metricsByEnv.set(env, cache)
  const { read } = createStatements(connectionOf(env))
  const effects: MetricsEffects = {
    ...{ read, bucket: env.LAKE, objectOf: (source) => env.LIVE.getByName(source), now: Date.now, log },
    queues: { events: env.EVENTS_QUEUE, retry: env.RETRY_QUEUE, dead: env.DEAD_QUEUE },
  }
  const own = heartbeatSettings(config, env) === undefined ? [] : [HEARTBEAT_SOURCE]
  return cache(() => gatherMetrics(effects, [...sourcesOf(config, env), ...own]))
}

/**
 * Drives the spill back to the queue now, as the cron does every minute. Never rejects.
 *
 * @param budgetMs nothing more is begun after so many milliseconds
 */
export function drainSpillNow(
  { EVENTS_QUEUE: queue, LAKE: bucket }: Pick<ConsumersEnv, 'EVENTS_QUEUE' | 'LAKE'>,
  budgetMs: number,
): Promise<DrainedSpill> {
  return drainSpill({ bucket, queue, now: Date.now, log, budgetMs })
}

function runRecompute(config: MillraceConfig, env: ConsumersEnv): Promise<unknown> {
  const effects = {
    ...createStatements(connectionOf(env)),
    randomId: () => crypto.randomUUID(),
    sleep,
    log,
  }
  return recomputeAll(effects, readRecomputeOptions(config, Date.now()))
}

function runLookups({ warehouse }: MillraceConfig, env: ConsumersEnv): Promise<unknown> {
  return loadLookups({
    ...createStatements(connectionOf(env)),
    cluster: warehouse?.cluster,
    bucket: env.LAKE,
    randomId: () => crypto.randomUUID(),
    now: Date.now,
    log,
  })
}

function runLake(env: ConsumersEnv): Promise<void> {
  return runLakeJob({
    ...createStatements(connectionOf(env)),
    bucket: env.LAKE,
    randomId: () => crypto.randomUUID(),
    sleep,
    now: Date.now,
    log,
  })
}

function runReconcile(config: MillraceConfig, env: ConsumersEnv): Promise<unknown> {
  const { horizons } = readRecomputeOptions(config, Date.now())
  return reconcileLake({ ...createStatements(connectionOf(env)), bucket: env.LAKE, log }, { horizons })
}

function runLedger(config: MillraceConfig, env: ConsumersEnv): Promise<void> {
  const { horizons } = readRecomputeOptions(config, Date.now())
  return keepBooks({ ...createStatements(connectionOf(env)), bucket: env.LAKE, log }, { horizons })
}

async function runHealth(config: MillraceConfig, env: ConsumersEnv): Promise<void> {
  const { read } = createStatements(connectionOf(env))
  const objectOf = (source: string) => env.LIVE.getByName(source)
  const sources = sourcesOf(config, env)
  const beat = heartbeatSettings(config, env)
  const heartbeatLag = beat && (() => readHeartbeatLag(env.LAKE, beat.objectives, Date.now()))
  const effects = { read, bucket: env.LAKE, objectOf, now: Date.now, log, heartbeatLag }
  const facts = await reportHealth(effects, sources)
  const { monitors = [], webhooks = [] } = config
  const settings = { monitors, webhooks }
  await reportMonitors({ read, objectOf, facts, now: Date.now, log }, settings, sources)
}

/** Names of the sources that there are; the one of development is in no configuration. */
function sourcesOf({ sources }: MillraceConfig, { MILLRACE_ENV }: ConsumersEnv): string[] {
  const names = sources.map(({ name }) => name)
  return MILLRACE_ENV === 'development' ? [...names, 'dev'] : names
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function createHandlers(
  config: MillraceConfig,
  env: ConsumersEnv,
): Record<string, (messages: readonly QueueMessage[]) => Promise<void>> {
  const effects: HandlerEffects = {
    random: Math.random,
    log,
    noteFailures: (sink, bySource) => noteFailures(env, sink, bySource),
  }
  const forgotten = forgottenOf(env)
  const inserts = insertMeterOf(env)
  const outcomeLog = { logSampled: createSampledLog(log, config.logs), now: Date.now }
  const sinks = [
    createWarehouseSink({ insert: inserts.measure(connect(env).insert) }),
    createQuarantineSink({ bucket: env.LAKE }),
    createLakeSink({ bucket: env.LAKE }),
    createLiveSink({
      objectOf: (source) => env.LIVE.getByName(source),
      planOf: (source) => resolveLivePlan(windowsOf(config, source), config.live, source),
      memory: liveMemoryOf(env),
      inserts,
    }),
  ].map((sink) => withOutcomeLog(withoutForgotten(sink, forgotten), outcomeLog))
  return {
    events: createEventsHandler({
      ...effects,
      sinks,
      retryQueue: env.RETRY_QUEUE,
      deadQueue: env.DEAD_QUEUE,
    }),
    retry: createRetryHandler({
      ...effects,
      sinks,
      retryQueue: env.RETRY_QUEUE,
      deadQueue: env.DEAD_QUEUE,
    }),
    dead: createDeadHandler({ ...effects, bucket: env.LAKE }),
  }
}

/** Heartbeats are in no window: all that is asked of theirs is when they were counted. */
function windowsOf({ windows = shippedWindows }: MillraceConfig, source: string) {
  return source === HEARTBEAT_SOURCE ? [] : windows
}

/** How long those who watch live may take to hear of a failure: it is told for their sake alone. */
const NOTE_TIMEOUT_MS = 2_000

async function noteFailures(
  env: ConsumersEnv,
  sink: SinkName,
  bySource: ReadonlyMap<string, number>,
): Promise<void> {
  for (const [source, count] of bySource) {
    try {
      const note = { at: Date.now(), retries: { [sink]: count } }
      await withTimeout(env.LIVE.getByName(source).note(note), NOTE_TIMEOUT_MS)
    } catch (error) {
      log({ level: 'warn', event: 'live_not_told', source, error: String(error) })
    }
  }
}

const liveMemoryByEnv = new WeakMap<ConsumersEnv, LiveSinkMemory>()

function liveMemoryOf(env: ConsumersEnv): LiveSinkMemory {
  const known = liveMemoryByEnv.get(env)
  if (known !== undefined) return known
  const memory = createLiveSinkMemory()
  liveMemoryByEnv.set(env, memory)
  return memory
}

/** One an isolate: what was measured is told with the next batch. */
const insertMeterByEnv = new WeakMap<ConsumersEnv, InsertMeter>()

function insertMeterOf(env: ConsumersEnv): InsertMeter {
  const meter = insertMeterByEnv.get(env) ?? createInsertMeter(Date.now)
  insertMeterByEnv.set(env, meter)
  return meter
}

/** One an isolate, so that the list is not read for every batch. */
const forgottenByEnv = new WeakMap<ConsumersEnv, ReturnType<typeof createForgottenLookup>>()

function forgottenOf(env: ConsumersEnv) {
  const known = forgottenByEnv.get(env)
  if (known !== undefined) return known
  const lookup = createForgottenLookup({ read: createStatements(connectionOf(env)).read, now: Date.now, log })
  forgottenByEnv.set(env, lookup)
  return lookup
}

function connect(env: ConsumersEnv): Warehouse {
  return createWarehouse(connectionOf(env))
}

function log(record: LogRecord): void {
  console.log(encodeLogLine(record))
}
