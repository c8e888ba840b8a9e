/** Everything behind the queues: isolates of the consumers, their handlers and sinks, and the jobs of the cron. */

import { resolveLivePlan, type WindowDefinition } from '@millrace/schemas/live'
import { createDeadHandler } from '../../../consumers/src/dead-handler.ts'
import { createEventsHandler } from '../../../consumers/src/events-handler.ts'
import { createForgottenLookup } from '../../../consumers/src/forgotten/lookup.ts'
import { withoutForgotten } from '../../../consumers/src/forgotten/without-forgotten.ts'
import { runJobs } from '../../../consumers/src/jobs.ts'
import { runLakeJob } from '../../../consumers/src/lake/job.ts'
import { createLakeSink } from '../../../consumers/src/lake/sink.ts'
import type { LiveObject } from '../../../consumers/src/live/rpc.ts'
import { createLiveSink, createLiveSinkMemory } from '../../../consumers/src/live/sink.ts'
import { createQuarantineSink } from '../../../consumers/src/quarantine/sink.ts'
import type { QueueMessage } from '../../../consumers/src/queue.ts'
import { createRetryHandler } from '../../../consumers/src/retry-handler.ts'
import type { Sink } from '../../../consumers/src/sink.ts'
import { drainSpill, type SpillBucket } from '../../../consumers/src/spill.ts'
import { createWarehouseSink } from '../../../consumers/src/warehouse/sink.ts'
import type { SimBucket } from './bucket.ts'
import type { SimClickHouse } from './clickhouse.ts'
import type { SimNamespace } from './durable-object.ts'
import type { SimQueue } from './queue.ts'
import type { Seams } from './seams.ts'
import { readAsNext } from './versions.ts'
import type { SimProcess, World } from './world.ts'

/** What the workers work with. */
export interface WorkersEffects {
  world: World
  seams: Seams
  queues: Record<'events' | 'retry' | 'dead', SimQueue>
  bucket: SimBucket
  clickHouse: SimClickHouse
  live: SimNamespace
  windows: readonly WindowDefinition[]
  /** How far the clock of servers is ahead just now. */
  skewMs: () => number
  /** Whether the consumers are of the next version already. */
  isNext: () => boolean
  log: (record: Record<string, unknown>) => void
}

/** The consumers of a world. */
export interface Workers {
  /** Ends all isolates, as a deploy does. */
  redeploy: () => void
  /** Runs the jobs of one minute in a process of their own. */
  runCron: (jobs: { lake: boolean }) => void
  /** Whether a run of the cron has not ended. */
  isCronBusy: () => boolean
}

type Handler = (messages: readonly QueueMessage[]) => Promise<void>

interface Isolate {
  process: SimProcess
  handlers: Record<'events' | 'retry' | 'dead', Handler>
}

/** A cron's invocation may take 15 minutes. Source: Workers limits. */
const MAX_INVOCATION_MS = 15 * 60_000

/** Isolates that take batches side by side. */
const ISOLATES = 3

/** So that nothing of a world is ever late: longer than any of them lasts. */
const LIVE_SETTINGS = { retention: '96h' } as const

/** Begins to consume. */
export function createWorkers(effects: WorkersEffects): Workers {
  const { world, queues, seams } = effects
  const isolates: (Isolate | undefined)[] = []
  let lives = 0
  let runs = 0
  let busy = 0

  const isolateAt = (place: number): Isolate => {
    const known = isolates[place]
    if (known !== undefined && !known.process.isDead()) return known
    const isolate = startIsolate(effects, `consumer#${++lives}`)
    isolates[place] = isolate
    return isolate
  }
  const read = (message: QueueMessage, queue: string): QueueMessage => {
    const body = effects.isNext() ? readAsNext(String(message.body)) : message.body
    return seams.message({ ...message, body }, queue)
  }
  for (const name of ['events', 'retry', 'dead'] as const) {
    queues[name].deliverTo(
      (messages) => {
        const { process, handlers } = isolateAt(world.random.integer(0, ISOLATES - 1))
        return {
          process,
          done: process.run(() => handlers[name](messages.map((message) => read(message, name)))),
        }
      },
      name === 'dead' ? undefined : queues.dead,
    )
  }
  return {
    redeploy() {
      for (const isolate of isolates) isolate?.process.crash('for a deploy')
    },
    isCronBusy: () => busy > 0,
    runCron(jobs) {
      const process = world.spawn(`cron#${++runs}`)
      busy += 1
      const end = () => {
        busy -= 1
      }
      const limit = world.clock.setTimeout(() => process.crash('out of time'), MAX_INVOCATION_MS)
      process.onCrash(end)
      void process
        .run(() => runCron(effects, process, jobs))
        .then(() => {
          world.clock.clearTimeout(limit)
          end()
        })
    },
  }
}

function runCron(effects: WorkersEffects, process: SimProcess, { lake }: { lake: boolean }): Promise<void> {
  const { world, seams, queues, bucket, clickHouse, skewMs, log } = effects
  const now = world.clock.skewed(skewMs)
  const binding = bucket.bindingFor(process)
  const spill = seams.spillOptions({
    bucket: binding as unknown as SpillBucket,
    queue: queues.events.bindingFor(process),
    now,
    log,
  })
  const jobs = [{ name: 'spill', run: () => drainSpill(spill) as Promise<unknown> }]
  if (lake) {
    jobs.push({
      name: 'lake',
      run: () =>
        runLakeJob({
          ...clickHouse.statementsFor(process),
          bucket: seams.lakeJobBucket(binding),
          randomId: () => crypto.randomUUID(),
          sleep: world.clock.sleep,
          now,
          log,
        }),
    })
  }
  return runJobs(jobs, log)
}

function startIsolate(effects: WorkersEffects, name: string): Isolate {
  const { world, seams, queues, log, skewMs } = effects
  const process = world.spawn(name)
  const now = world.clock.skewed(skewMs)
  const { read } = effects.clickHouse.statementsFor(process)
  const forgotten = createForgottenLookup({ read, now, log })
  const sinks = createSinks(effects, process).map((sink) => seams.sink(withoutForgotten(sink, forgotten)))
  const outgoing = {
    random: world.random.next,
    log,
    sinks,
    retryQueue: seams.retryQueue(queues.retry.bindingFor(process)),
    deadQueue: queues.dead.bindingFor(process),
  }
  const dead = { random: world.random.next, log, bucket: effects.bucket.bindingFor(process) }
  return {
    process,
    handlers: {
      events: createEventsHandler(seams.eventsDeps(outgoing)),
      retry: createRetryHandler(seams.retryDeps(outgoing)),
      dead: createDeadHandler(seams.deadDeps(dead)),
    },
  }
}

function createSinks(
  { seams, bucket, clickHouse, live, windows }: WorkersEffects,
  process: SimProcess,
): Sink[] {
  const binding = bucket.bindingFor(process)
  const call = <T>(source: string, method: string, ...args: unknown[]) =>
    live.call<T>(process, source, method, args)
  return [
    createWarehouseSink({ insert: seams.insert(clickHouse.insertFor(process)) }),
    createQuarantineSink({ bucket: binding }),
    createLakeSink({ bucket: seams.lakeSinkBucket(binding) }),
    createLiveSink({
      objectOf: (source): Pick<LiveObject, 'apply' | 'show'> => ({
        apply: (request) => call(source, 'apply', request),
        show: (events) => call(source, 'show', events),
      }),
      planOf: (source) => resolveLivePlan(windows, LIVE_SETTINGS, source),
      memory: createLiveSinkMemory(),
    }),
  ]
}
