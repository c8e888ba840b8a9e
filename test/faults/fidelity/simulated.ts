/** The simulator's parts in a world without faults, asked the same. */

import { createFakeWorld } from '../clients/fake-world.ts'
import { createBucket } from '../world/bucket.ts'
import { DurableObject } from '../world/cloudflare-workers.ts'
import { createNamespace, type ObjectClass } from '../world/durable-object.ts'
import { createQueue } from '../world/queue.ts'
import type { Schedule } from '../world/schedule.ts'
import { createSubject, OBJECT_SCRIPTS } from './object-script.ts'
import { type Delivered, handle, MAX_RETRIES } from './queue-script.ts'
import type { Asked } from './real.ts'
import { BUCKET_SCRIPTS, type ScriptBucket } from './scripts.ts'
import type { Question } from './worker.ts'

const HOUR_MS = 3_600_000

/** A service that is up and answers at once. */
const serviceOf = (name: string) => ({
  name,
  latencyMs: [0, 0] as const,
  outage: () => undefined,
  error: () => new Error(name),
})

/** Builds it. Time goes on by itself, as fast as it can. */
export function startSimulated(): Asked {
  const { world } = createFakeWorld(1)
  const schedule = world.clock as Schedule
  const calm = { ...world, faultsOn: () => false }
  const log: Delivered[] = []
  const process = world.spawn('scripts')
  const settings = { maxBatchSize: 100, maxBatchTimeoutMs: 0, maxConcurrency: 1 }
  const queue = createQueue(calm, serviceOf('fidelity'), { ...settings, maxRetries: MAX_RETRIES })
  const dead = createQueue(calm, serviceOf('fidelity-dead'), { ...settings, maxRetries: 3 })
  queue.deliverTo((messages) => consume(async () => handle(messages, log, schedule.now())), dead)
  dead.deliverTo((messages) =>
    consume(async () => {
      for (const { body } of messages) {
        log.push({ name: `dead ${JSON.parse(String(body)).name}`, attempt: 0, atMs: schedule.now() })
      }
    }),
  )
  const bucket = createBucket(calm, serviceOf('bucket')).bindingFor(process) as unknown as ScriptBucket
  const objects = createNamespace({
    world: calm,
    name: 'subject',
    load: createSubject(DurableObject) as unknown as ObjectClass,
    envFor: () => ({ now: schedule.now }),
    flushMs: [1, 5],
    skewMs: () => 0,
  })
  let lastPrefix = 0

  function consume(run: () => Promise<void>) {
    const consumer = world.spawn('consumer')
    return { process: consumer, done: consumer.run(run) }
  }

  async function answer(question: Question): Promise<unknown> {
    const own = `script${++lastPrefix}/`
    const { sleep } = schedule
    if (question.kind === 'deliveries') return log
    if (question.kind === 'bucket') return BUCKET_SCRIPTS[question.name]?.({ bucket, prefix: own, sleep })
    if (question.kind === 'object') {
      const call = async (method: string, ...args: unknown[]) => {
        try {
          return (await objects.call(process, own, method, args)) ?? null
        } catch {
          return 'threw'
        }
      }
      return OBJECT_SCRIPTS[question.name]?.({ call, sleep })
    }
    const messages = question.bodies.map((body) => ({ body, contentType: 'text' as const }))
    const binding = queue.bindingFor(process)
    try {
      if (question.isBatch) await binding.sendBatch(messages)
      else for (const { body } of messages) await binding.send(body)
      return 'sent'
    } catch {
      return 'refused'
    }
  }

  return {
    async ask<T>(question: Question) {
      let isDone = false
      const outcome = answer(question).finally(() => {
        isDone = true
      })
      if (question.kind !== 'deliveries') await schedule.runUntil(schedule.now() + HOUR_MS, () => isDone)
      // Whatever was sent is delivered by then, with all its retries.
      if (question.kind === 'send') await schedule.runUntil(schedule.now() + HOUR_MS)
      // As it travels.
      return JSON.parse(JSON.stringify((await outcome) ?? null)) as T
    },
    stop: async () => {},
  }
}
