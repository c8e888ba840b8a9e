/** Queue name to handler, with the sinks that all share. */

import { createSampledLog, HEARTBEAT_SOURCE, type MillraceConfig } from '@millrace/schemas'
import { resolveLivePlan, shippedWindows } from '@millrace/schemas/live'
import { createDeadHandler } from './dead-handler.ts'
import { type ConsumersEnv, connect, log, oncePerEnv } from './env.ts'
import { createEventsHandler } from './events-handler.ts'
import { createForgottenLookup } from './forgotten/lookup.ts'
import { withoutForgotten } from './forgotten/without-forgotten.ts'
import { createLakeSink } from './lake/sink.ts'
import { createInsertMeter } from './live/insert-times.ts'
import { createLiveSink, createLiveSinkMemory } from './live/sink.ts'
import { withOutcomeLog } from './log-outcomes.ts'
import { createQuarantineSink } from './quarantine/sink.ts'
import type { HandlerEffects, QueueMessage } from './queue.ts'
import { createRetryHandler } from './retry-handler.ts'
import type { SinkName } from './sink.ts'
import { connectionOf, createStatements } from './statements.ts'
import { withTimeout } from './timeout.ts'
import { createWarehouseSink } from './warehouse/sink.ts'

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

const liveMemoryOf = oncePerEnv(createLiveSinkMemory)

/** What was measured is told with the next batch. */
const insertMeterOf = oncePerEnv(() => createInsertMeter(Date.now))

/** So that the list is not read for every batch. */
const forgottenOf = oncePerEnv((env) =>
  createForgottenLookup({ read: createStatements(connectionOf(env)).read, now: Date.now, log }),
)

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
