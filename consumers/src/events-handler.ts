/** Handler of the queue `events`: writes every sink at once, and sends what failed where it belongs. */

import { decodeEnvelope, wrapMessage } from '@millrace/schemas'
import { decideDelaySeconds, decideDelivery, type MessagePlan } from './delivery.ts'
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
import type { Delivery, Sink } from './sink.ts'
import { writeToSinks } from './sink.ts'
import { sliceByLength } from './slices.ts'
import { withTimeout } from './timeout.ts'

/** What the handler works with. */
export interface EventsHandlerDeps extends HandlerEffects {
  sinks: readonly Sink[]
  retryQueue: OutgoingQueue
  deadQueue: OutgoingQueue
  /** See {@link writeToSinks}. */
  sinkTimeoutMs?: number
}

/**
 * A handler that acknowledges a message only once each sink has it or a queue has what that sink still wants. When even
 * that queue is away, the message itself is retried; the sinks that have it already take the copy as a duplicate.
 */
export function createEventsHandler(
  deps: EventsHandlerDeps,
): (messages: readonly QueueMessage[]) => Promise<void> {
  return (messages) =>
    handleSlices(sliceByLength(messages), deps.log, (slice, failures) =>
      handleSlice({ ...deps, failures }, slice),
    )
}

/** With what failed in this batch. */
type BatchDeps = EventsHandlerDeps & { failures: FailureLog }

async function handleSlice(deps: BatchDeps, messages: readonly QueueMessage[]): Promise<void> {
  const readable: { message: QueueMessage; delivery: Delivery }[] = []
  const unreadable: Promise<void>[] = []
  for (const message of messages) {
    const decoded = decodeEnvelope(message.body)
    if (decoded.ok) {
      readable.push({ message, delivery: { messageId: message.id, envelope: decoded.envelope } })
    } else if (decoded.fault === 'newer_version') {
      waitForDeploy(deps, message, decoded.message)
    } else {
      unreadable.push(settle(deps, message, { retryIn: [], deadIn: [] }, decoded.message))
    }
  }
  const deliveries = readable.map(({ delivery }) => delivery)
  const outcomes = await writeToSinks(deps.sinks, deliveries, deps.sinkTimeoutMs)
  const plans = decideDelivery(
    deps.sinks.map(({ name }) => name),
    outcomes,
  )
  const settling = readable.map(({ message }, index) => settle(deps, message, plans[index] ?? NOTHING_LEFT))
  await Promise.all([...unreadable, ...settling])
  await noteFailures(deps, deliveries, plans)
}

/** After all is settled: that somebody is told delays nothing. */
async function noteFailures(
  { noteFailures: note, sinks }: EventsHandlerDeps,
  deliveries: readonly Delivery[],
  plans: readonly MessagePlan[],
): Promise<void> {
  if (note === undefined) return
  for (const { name } of sinks) {
    const failed = deliveries.filter((_, index) => plans[index]?.retryIn.some(({ sink }) => sink === name))
    if (failed.length > 0) await note(name, countBySource(failed))
  }
}

/** With no sink at all there is nothing to do for a message. */
const NOTHING_LEFT: MessagePlan = { retryIn: [], deadIn: [] }

async function settle(
  { retryQueue, deadQueue, random, log, failures, sendTimeoutMs = SEND_TIMEOUT_MS }: BatchDeps,
  message: QueueMessage,
  plan: MessagePlan,
  unreadable?: string,
): Promise<void> {
  const { id: messageId } = message
  const body = bodyText(message.body)
  try {
    const sends = plan.retryIn.map(({ sink, error, isPressure }) => {
      const event = isPressure ? 'sink_pressure' : 'sink_failed'
      const delaySeconds = decideDelaySeconds(1, random(), isPressure)
      failures.add({ level: 'warn', event, sink, messageId, attempts: 1, delaySeconds, error })
      return retryQueue.send(wrapMessage({ sink, error, messageId }, body), {
        contentType: 'text',
        delaySeconds,
      })
    })
    for (const dead of plan.deadIn) {
      const text = wrapMessage({ ...dead, kind: 'refused', messageId }, body)
      sends.push(deadQueue.send(text, { contentType: 'text' }))
    }
    if (unreadable !== undefined) {
      const text = wrapMessage({ kind: 'unreadable', error: unreadable, messageId }, body)
      sends.push(deadQueue.send(text, { contentType: 'text' }))
    }
    await withTimeout(Promise.all(sends), sendTimeoutMs)
    message.ack()
  } catch (error) {
    log({ level: 'error', event: 'retry_queue_failed', messageId, error: String(error) })
    message.retry({ delaySeconds: decideDelaySeconds(message.attempts, random()) })
  }
}
