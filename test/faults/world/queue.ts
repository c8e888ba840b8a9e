/**
 * Cloudflare Queues as they are documented: at least once, in no order, batches formed anew for each delivery, the first `ack`
 * or `retry` of a message wins, a handler that throws retries what it did not settle, and after `maxRetries` the dead-letter
 * queue.
 */

import { byteLength } from '@millrace/schemas'
import type { QueueMessage } from '../../../consumers/src/queue.ts'
import { callService, type Service } from './call.ts'
import type { SimProcess, World } from './world.ts'

/** How a queue is set up, as in `wrangler.toml`. */
export interface QueueSettings {
  maxBatchSize: number
  maxBatchTimeoutMs: number
  maxRetries: number
  maxConcurrency: number
}

/** A message that is held. */
export interface HeldMessage {
  id: string
  body: string
  sentAt: number
  attempts: number
}

/** Who takes batches: starts one invocation, in a process of its own. */
export type Consume = (messages: readonly QueueMessage[]) => { process: SimProcess; done: Promise<void> }

/** A queue of a world. */
export interface SimQueue {
  readonly name: string
  /** As a process has it. */
  bindingFor: (process: SimProcess) => SimQueueBinding
  /** Puts a message on it, without a process, faults or time. */
  put: (body: string, delayMs?: number) => void
  /** Begins to deliver. */
  deliverTo: (consume: Consume, deadLetters?: SimQueue) => void
  /** Messages that are waiting or being delivered. */
  held: () => number
  waiting: () => HeldMessage[]
}

/** What production code takes of a queue, all of it. */
export interface SimQueueBinding {
  send: (body: string, options?: { contentType: 'text'; delaySeconds?: number }) => Promise<void>
  sendBatch: (messages: { body: string; contentType: 'text' }[]) => Promise<void>
}

/** Source: Cloudflare Queues limits. */
const MAX_MESSAGE_BYTES = 128_000
const MAX_BATCH_BYTES = 256_000
const MAX_BATCH_MESSAGES = 100

/** A consumer's invocation may take 15 minutes. Source: Cloudflare Queues limits. */
const MAX_INVOCATION_MS = 15 * 60_000

/** A queue that is empty. */
export function createQueue(world: World, service: Service, settings: QueueSettings): SimQueue {
  const { clock, random, trace } = world
  const { name } = service
  let ready: { message: HeldMessage; since: number }[] = []
  let pending = 0
  let running = 0
  let nextId = 1
  let isPlanned = false
  let consume: Consume | undefined
  let deadLetters: SimQueue | undefined

  const accept = (body: string, delayMs: number) => {
    const bytes = byteLength(body)
    if (bytes > MAX_MESSAGE_BYTES)
      throw new Error(`Queue send failed: message of ${bytes} bytes is too large`)
    const message = { id: `${name}-${nextId++}`, body, sentAt: clock.now(), attempts: 0 }
    hold(message, delayMs)
    trace(`${name} has ${message.id}`)
  }
  const hold = (message: HeldMessage, delayMs: number) => {
    pending += 1
    clock.setTimeout(() => {
      pending -= 1
      ready.push({ message, since: clock.now() })
      plan()
    }, delayMs)
  }
  const plan = () => {
    if (isPlanned || consume === undefined || ready.length === 0) return
    isPlanned = true
    const wait = ready.length >= settings.maxBatchSize ? 0 : settings.maxBatchTimeoutMs
    clock.setTimeout(() => {
      isPlanned = false
      deliver()
      plan()
    }, wait)
  }
  const deliver = () => {
    while (ready.length > 0 && running < settings.maxConcurrency) {
      const size = world.faultsOn() ? random.integer(1, settings.maxBatchSize) : settings.maxBatchSize
      const shuffled = world.faultsOn() ? random.shuffle(ready) : ready
      const taken = shuffled.slice(0, size)
      ready = shuffled.slice(size)
      void invoke(taken.map(({ message }) => message))
    }
  }

  const again = (message: HeldMessage, delayMs: number) => {
    if (message.attempts <= settings.maxRetries) return hold(message, delayMs)
    trace(`${name} gives up ${message.id}`)
    // The platform moves it as it is; without a dead-letter queue it is deleted.
    deadLetters?.put(message.body)
  }

  const invoke = async (batch: readonly HeldMessage[]) => {
    running += 1
    const settled = new Map<HeldMessage, 'ack' | { delaySeconds: number }>()
    let isOver = false
    // A handler may settle messages before the call that starts it has returned.
    let process: SimProcess | undefined
    const settle = (message: HeldMessage, how: 'ack' | { delaySeconds: number }) => {
      if (isOver || process?.isDead() || settled.has(message)) return
      settled.set(message, how)
      trace(
        `${process?.name ?? name} ${how === 'ack' ? 'acks' : `retries in ${how.delaySeconds} s`} ${message.id}`,
      )
    }
    const messages = batch.map((message): QueueMessage => {
      message.attempts += 1
      return {
        id: message.id,
        body: message.body,
        attempts: message.attempts,
        timestamp: new Date(message.sentAt),
        ack: () => settle(message, 'ack'),
        retry: ({ delaySeconds } = { delaySeconds: 0 }) => settle(message, { delaySeconds }),
      }
    })
    const started = (consume as Consume)(messages)
    process = started.process
    const how = await outcomeOf(started.process, started.done)
    isOver = true
    running -= 1
    trace(`${started.process.name} ${how} with ${batch.length} messages`)
    for (const message of batch) conclude(message, settled.get(message), how)
    plan()
  }
  const outcomeOf = (process: SimProcess, done: Promise<void>) =>
    new Promise<'returned' | 'threw' | 'crashed'>((resolve) => {
      const limit = clock.setTimeout(() => process.crash('out of time'), MAX_INVOCATION_MS)
      const end = (how: 'returned' | 'threw' | 'crashed') => {
        clock.clearTimeout(limit)
        resolve(how)
      }
      process.onCrash(() => end('crashed'))
      done.then(
        () => end('returned'),
        () => end('threw'),
      )
    })

  const conclude = (
    message: HeldMessage,
    how: 'ack' | { delaySeconds: number } | undefined,
    outcome: 'returned' | 'threw' | 'crashed',
  ) => {
    // What a crashed isolate acknowledged may have been heard, or not.
    const isHeard = outcome !== 'crashed' || random.chance(0.5)
    if (isHeard && how !== undefined && how !== 'ack') return again(message, how.delaySeconds * 1_000)
    const isAcknowledged = how === 'ack' ? isHeard : outcome === 'returned'
    if (!isAcknowledged) return again(message, random.integer(0, 30_000))
    if (!world.faultsOn() || !random.chance(world.faults.duplicateDelivery)) return
    world.injected('duplicate delivery', message.id)
    again(message, random.chance(0.2) ? random.integer(0, 3_600_000) : random.integer(0, 60_000))
  }

  return {
    name,
    put: (body, delayMs = 0) => accept(body, delayMs),
    held: () => ready.length + pending + running,
    waiting: () => ready.map(({ message }) => message),
    deliverTo(consumer, dead) {
      consume = consumer
      deadLetters = dead
      plan()
    },
    bindingFor: (process) => ({
      send: (body, { delaySeconds = 0 } = { contentType: 'text' }) =>
        callService(world, process, service, `${name}.send`, () => accept(body, delaySeconds * 1_000)),
      sendBatch: (messages) =>
        callService(world, process, service, `${name}.sendBatch of ${messages.length}`, () => {
          const bytes = messages.reduce((sum, { body }) => sum + byteLength(body), 0)
          if (messages.length > MAX_BATCH_MESSAGES || bytes > MAX_BATCH_BYTES)
            throw new Error(`Queue sendBatch failed: ${messages.length} messages of ${bytes} bytes`)
          for (const { body } of messages) accept(body, 0)
        }),
    }),
  }
}
