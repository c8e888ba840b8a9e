/** Platform entry of the consumers: queue name to handler, cron to job. */

import type { MillraceConfig } from '@millrace/schemas'
import { resolveLivePlan, shippedWindows } from '@millrace/schemas/live'
import { readRecomputeOptions, recomputeAll } from '@millrace/schemas/recompute'
import { createDeadHandler, type DeadLetterBucket } from './dead-handler.ts'
import { createEventsHandler } from './events-handler.ts'
import { createForgottenLookup } from './forgotten/lookup.ts'
import { withoutForgotten } from './forgotten/without-forgotten.ts'
import { runJobs, type ScheduledJob } from './jobs.ts'
import type { LakeBucket } from './lake/bucket.ts'
import { runLakeJob } from './lake/job.ts'
import { reconcileLake } from './lake/reconcile.ts'
import { createLakeSink } from './lake/sink.ts'
import { reportHealth } from './live/health-job.ts'
import type { LiveObject } from './live/rpc.ts'
import { createLiveSink, createLiveSinkMemory, type LiveSinkMemory } from './live/sink.ts'
import { type LookupsBucket, loadLookups } from './lookups/load-lookups.ts'
import { reportMonitors } from './monitors/job.ts'
import { reportPulse } from './pulse.ts'
import { createQuarantineSink, type QuarantineBucket } from './quarantine/sink.ts'
import type { HandlerEffects, OutgoingQueue, QueueMessage } from './queue.ts'
import { createRetryHandler } from './retry-handler.ts'
import type { SinkName } from './sink.ts'
import { type DrainedSpill, drainSpill, type SpillBucket, type SpillQueue } from './spill.ts'
import { connectionOf, createStatements } from './statements.ts'
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
  EVENTS_QUEUE: SpillQueue
  RETRY_QUEUE: OutgoingQueue
  DEAD_QUEUE: OutgoingQueue
  LAKE: DeadLetterBucket & QuarantineBucket & SpillBucket & LookupsBucket & LakeBucket
  /** Objects that keep live windows, by the names of sources. */
  LIVE: { getByName: (source: string) => LiveObject }
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
 * the two, and tells those who watch live how all of that is.
 *
 * @param extraJobs jobs of other parts of the Worker; none fails or waits because of another
 */
export async function handleScheduled(
  config: MillraceConfig,
  env: ConsumersEnv,
  extraJobs: readonly ScheduledJob[] = [],
): Promise<void> {
  const { EVENTS_QUEUE: queue, LAKE: bucket } = env
  const jobs: ScheduledJob[] = [
    { name: 'pulse', run: () => reportPulse({ ping: connect(env).ping, now: Date.now, log }) },
    { name: 'spill', run: () => drainSpill({ bucket, queue, now: Date.now, log }) },
    { name: 'recompute', run: () => runRecompute(config, env) },
    { name: 'lookups', run: () => runLookups(config, env) },
    { name: 'lake', run: () => runLake(env) },
    { name: 'reconcile', run: () => runReconcile(config, env) },
    { name: 'health', run: () => runHealth(config, env) },
  ]
  await runJobs([...jobs, ...extraJobs], log)
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

async function runHealth(config: MillraceConfig, env: ConsumersEnv): Promise<void> {
  const { read } = createStatements(connectionOf(env))
  const objectOf = (source: string) => env.LIVE.getByName(source)
  const sources = sourcesOf(config, env)
  const facts = await reportHealth({ read, bucket: env.LAKE, objectOf, now: Date.now, log }, sources)
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
  const sinks = [
    createWarehouseSink({ insert: connect(env).insert }),
    createQuarantineSink({ bucket: env.LAKE }),
    createLakeSink({ bucket: env.LAKE }),
    createLiveSink({
      objectOf: (source) => env.LIVE.getByName(source),
      planOf: (source) => resolveLivePlan(config.windows ?? shippedWindows, config.live, source),
      memory: liveMemoryOf(env),
    }),
  ].map((sink) => withoutForgotten(sink, forgotten))
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

function log(record: Record<string, unknown>): void {
  console.log(JSON.stringify(record))
}
