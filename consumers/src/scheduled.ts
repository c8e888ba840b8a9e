/** Cron to jobs. */

import { createSampledLog, HEARTBEAT_SOURCE, type MillraceConfig } from '@millrace/schemas'
import { readRecomputeOptions, recomputeAll } from '@millrace/schemas/recompute'
import { type ConsumersEnv, connect, heartbeatSettings, log, sourcesOf } from './env.ts'
import { type HeartbeatEffects, readHeartbeatLag, runHeartbeat } from './heartbeat/job.ts'
import { chooseDoor } from './heartbeat/send.ts'
import { runJobs, type ScheduledJob } from './jobs.ts'
import { runLakeJob } from './lake/job.ts'
import { reconcileLake } from './lake/reconcile.ts'
import { keepBooks } from './ledger/job.ts'
import { reportHealth } from './live/health-job.ts'
import { loadLookups } from './lookups/load-lookups.ts'
import { reportMonitors } from './monitors/job.ts'
import { reportPulse } from './pulse.ts'
import { type DrainedSpill, drainSpill } from './spill.ts'
import { connectionOf, createJsonInsert, createStatements } from './statements.ts'

/** What the rest of the Worker does for the cron. */
export interface ScheduledExtras {
  /** The Worker's own fetch handler, which heartbeats go through where there is no other way in. Default: there is none. */
  handleFetch?: ((request: Request) => Promise<Response>) | undefined
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
  const effects = { ...createStatements(connectionOf(env)), bucket: env.LAKE, log }
  const { horizons } = readRecomputeOptions(config, Date.now())
  return keepBooks(effects, { sources: [...sourcesOf(config, env), HEARTBEAT_SOURCE], horizons })
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

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
