/** Handler of the queue `retry`: gives each message to the one sink that still wants it. */

import { decodeEnvelope } from '@millrace/schemas'
import { decideDelaySeconds } from './delivery.ts'
import {
  bodyText,
  type HandlerEffects,
  type OutgoingQueue,
  type QueueMessage,
  waitForDeploy,
} from './queue.ts'
import type { Delivery, Outcome, Sink } from './sink.ts'
import { writeToSinks } from './sink.ts'
import { sliceByLength } from './slices.ts'
import { unwrapMessage, wrapMessage } from './wrapped-message.ts'

/** What the handler works with. */
export interface RetryHandlerDeps extends HandlerEffects {
  sinks: readonly Sink[]
  deadQueue: OutgoingQueue
  /** See {@link writeToSinks}. */
  sinkTimeoutMs?: number
}

interface Retry {
  message: QueueMessage
  delivery: Delivery
  body: string
}

/** A handler that retries with growing delay. A message out of tries goes to `dead` by the queue's own setting. */
export function createRetryHandler(
  deps: RetryHandlerDeps,
): (messages: readonly QueueMessage[]) => Promise<void> {
  return async (messages) => {
    for (const slice of sliceByLength(messages)) await handleSlice(deps, slice)
  }
}

async function handleSlice(deps: RetryHandlerDeps, messages: readonly QueueMessage[]): Promise<void> {
  const bySink = new Map<Sink, Retry[]>(deps.sinks.map((sink) => [sink, []]))
  const unreadable: Promise<void>[] = []
  for (const message of messages) {
    const read = readRetry(deps.sinks, message)
    if (read.kind === 'retry') {
      bySink.get(read.sink)?.push(read.retry)
    } else if (read.kind === 'newer') {
      waitForDeploy(deps, message, read.why)
    } else {
      const error = 'not a retry message that this Worker reads'
      unreadable.push(
        bury(deps, message, wrapMessage({ error, messageId: message.id }, bodyText(message.body))),
      )
    }
  }
  const writing = [...bySink].map(([sink, retries]) => retryInSink(deps, sink, retries))
  await Promise.all([...unreadable, ...writing])
}

type ReadRetry =
  | { kind: 'retry'; sink: Sink; retry: Retry }
  | { kind: 'newer'; why: string }
  | { kind: 'unreadable' }

/** A sink without a name here, or an envelope of a later version, is a newer Worker's: this one must not bury it. */
function readRetry(sinks: readonly Sink[], message: QueueMessage): ReadRetry {
  const unwrapped = unwrapMessage(message.body)
  const name = unwrapped?.wrapper.sink
  if (unwrapped === undefined || name === undefined) return { kind: 'unreadable' }
  const sink = sinks.find((known) => known.name === name)
  if (sink === undefined) return { kind: 'newer', why: `there is no sink ${name.slice(0, 40)} here` }
  const decoded = decodeEnvelope(unwrapped.body)
  if (!decoded.ok)
    return decoded.fault === 'newer_version'
      ? { kind: 'newer', why: decoded.message }
      : { kind: 'unreadable' }
  const delivery = { messageId: unwrapped.wrapper.messageId, envelope: decoded.envelope }
  return { kind: 'retry', sink, retry: { message, delivery, body: unwrapped.body } }
}

async function retryInSink(deps: RetryHandlerDeps, sink: Sink, retries: readonly Retry[]): Promise<void> {
  const deliveries = retries.map(({ delivery }) => delivery)
  const [outcomes = []] = await writeToSinks([sink], deliveries, deps.sinkTimeoutMs)
  await Promise.all(retries.map((retry, index) => settle(deps, sink, retry, outcomes[index])))
}

async function settle(
  deps: RetryHandlerDeps,
  { name: sink }: Sink,
  { message, delivery: { messageId }, body }: Retry,
  outcome: Outcome = { kind: 'retry', error: 'no outcome' },
): Promise<void> {
  if (outcome.kind === 'written') {
    message.ack()
  } else if (outcome.kind === 'refused') {
    await bury(deps, message, wrapMessage({ sink, error: outcome.error, messageId }, body))
  } else {
    const delaySeconds = decideDelaySeconds(message.attempts + 1, deps.random())
    const error = outcome.error.slice(0, 300)
    deps.log({
      level: 'warn',
      event: 'sink_failed',
      sink,
      messageId,
      attempts: message.attempts,
      delaySeconds,
      error,
    })
    message.retry({ delaySeconds })
  }
}

async function bury(
  { deadQueue, random, log }: RetryHandlerDeps,
  message: QueueMessage,
  text: string,
): Promise<void> {
  try {
    await deadQueue.send(text, { contentType: 'text' })
    message.ack()
  } catch (error) {
    log({ level: 'error', event: 'dead_queue_failed', messageId: message.id, error: String(error) })
    message.retry({ delaySeconds: decideDelaySeconds(message.attempts, random()) })
  }
}
