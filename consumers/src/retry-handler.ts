/** Handler of the queue `retry`: gives each message to the one sink that still wants it. */

import { decodeEnvelope, unwrapMessage, wrapMessage } from '@millrace/schemas'
import { decideDelaySeconds, decideNextTry, TRIES_A_ROUND } from './delivery.ts'
import { type FailureLog, handleSlices } from './failure-log.ts'
import {
  bodyText,
  countBySource,
  type HandlerEffects,
  type OutgoingQueue,
  type QueueMessage,
  SEND_TIMEOUT_MS,
  waitForDeploy,
} from './queue.ts'
import type { Delivery, Outcome, Sink, SinkName } from './sink.ts'
import { writeToSinks } from './sink.ts'
import { sliceByLength } from './slices.ts'
import { withTimeout } from './timeout.ts'

/** What the handler works with. */
export interface RetryHandlerDeps extends HandlerEffects {
  sinks: readonly Sink[]
  /** The queue that the messages come from. */
  retryQueue: OutgoingQueue
  deadQueue: OutgoingQueue
  /** See {@link writeToSinks}. */
  sinkTimeoutMs?: number
}

interface Retry {
  message: QueueMessage
  delivery: Delivery
  body: string
  /** See `rounds` of `Wrapper`. */
  rounds: number
}

/**
 * A handler that retries with growing delay, as long as it takes. A message that is near its last try is sent anew before
 * it is acknowledged: a crash in between leaves two of it, which write the same rows.
 */
export function createRetryHandler(
  deps: RetryHandlerDeps,
): (messages: readonly QueueMessage[]) => Promise<void> {
  return (messages) =>
    handleSlices(sliceByLength(messages), deps.log, (slice, failures) =>
      handleSlice({ ...deps, failures }, slice),
    )
}

/** With what failed in this batch. */
type BatchDeps = RetryHandlerDeps & { failures: FailureLog }

async function handleSlice(deps: BatchDeps, messages: readonly QueueMessage[]): Promise<void> {
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
      const wrapper = { kind: 'unreadable', error, messageId: message.id } as const
      unreadable.push(moveTo(deps, 'dead', message, wrapMessage(wrapper, bodyText(message.body))))
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
  const { rounds = 0 } = unwrapped.wrapper
  return { kind: 'retry', sink, retry: { message, delivery, body: unwrapped.body, rounds } }
}

async function retryInSink(deps: BatchDeps, sink: Sink, retries: readonly Retry[]): Promise<void> {
  const deliveries = retries.map(({ delivery }) => delivery)
  const [outcomes = []] = await writeToSinks([sink], deliveries, deps.sinkTimeoutMs)
  await Promise.all(retries.map((retry, index) => settle(deps, sink, retry, outcomes[index])))
  const failed = deliveries.filter((_, index) => outcomes[index]?.kind === 'retry')
  if (failed.length > 0) await deps.noteFailures?.(sink.name, countBySource(failed))
}

async function settle(
  deps: BatchDeps,
  { name: sink }: Sink,
  retry: Retry,
  outcome: Outcome = { kind: 'retry', error: 'no outcome' },
): Promise<void> {
  const { message, delivery, body } = retry
  const { messageId } = delivery
  if (outcome.kind === 'written') {
    message.ack()
  } else if (outcome.kind === 'refused') {
    const text = wrapMessage({ sink, kind: 'refused', error: outcome.error, messageId }, body)
    await moveTo(deps, 'dead', message, text)
  } else {
    await tryLater(deps, sink, retry, outcome)
  }
}

async function tryLater(
  deps: BatchDeps,
  sink: SinkName,
  { message, delivery: { messageId }, body, rounds }: Retry,
  { error, isPressure = false }: Outcome & { kind: 'retry' },
): Promise<void> {
  const next = decideNextTry({ attempts: message.attempts, rounds }, isPressure)
  const attempts = rounds * TRIES_A_ROUND + message.attempts
  const delaySeconds = decideDelaySeconds(attempts + 1, deps.random(), isPressure)
  // Once a round it is said louder: somebody waits for a day, and more.
  const level = next === 'wait' ? 'warn' : 'error'
  const event = isPressure ? 'sink_pressure' : 'sink_failed'
  deps.failures.add({ level, event, sink, messageId, attempts, delaySeconds, error })
  if (next === 'wait') {
    message.retry({ delaySeconds })
  } else if (next === 'bury') {
    await moveTo(deps, 'dead', message, wrapMessage({ sink, kind: 'out_of_tries', error, messageId }, body))
  } else {
    const text = wrapMessage({ sink, error, messageId, rounds: rounds + 1 }, body)
    await moveTo(deps, 'retry', message, text, delaySeconds)
  }
}

/** Sends the text that stands for the message from now on, and acknowledges the message; when that fails, it is retried. */
async function moveTo(
  deps: RetryHandlerDeps,
  name: 'retry' | 'dead',
  message: QueueMessage,
  text: string,
  delaySeconds = 0,
): Promise<void> {
  const queue = name === 'retry' ? deps.retryQueue : deps.deadQueue
  try {
    const sending = queue.send(text, { contentType: 'text', delaySeconds })
    await withTimeout(sending, deps.sendTimeoutMs ?? SEND_TIMEOUT_MS)
    message.ack()
  } catch (error) {
    deps.log({ level: 'error', event: `${name}_queue_failed`, messageId: message.id, error: String(error) })
    message.retry({ delaySeconds: decideDelaySeconds(message.attempts, deps.random()) })
  }
}
