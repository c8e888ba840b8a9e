/** From what was counted to what a month is: parts that go with requests, with batches, with events and with time. Pure. */

import { addUsage, scaleUsage, type Usage, usageOf } from './usage.ts'

/** What one shape of traffic uses. */
export interface Rates {
  /** Events of a request, and messages that it becomes. */
  events: number
  messagesPerRequest: number
  /** The request itself, and the queue operations of its messages. */
  perRequest: Usage
  /** A batch of the consumer with one message, and one with {@link Rates.fullMessages}, without queue operations. */
  single: Usage
  full: Usage
  fullMessages: number
  /** What a batch leaves to the cron. */
  perBatchLater: Usage
  /** What an event leaves to the cron, and keeps in storage. */
  perEvent: Usage
}

/** What goes on whether anything is sent or not, and what more while something is. */
export interface Minutes {
  idle: Usage
  traffic: Usage
}

/** How a month is composed, step by step. */
export interface Month {
  requests: number
  messages: number
  batches: number
  messagesPerBatch: number
  usage: Usage
}

/** Minutes of a month of 30 days. */
export const MONTH_MINUTES = 43_200

/** How long the consumer waits for a batch to fill, seconds: `max_batch_timeout` of `wrangler.toml`. */
export const BATCH_WAIT_SECONDS = 1

/** Events that list prices are told of. */
export const MILLION = 1_000_000

/**
 * Messages of a batch when they come evenly: the first opens it, and those of the wait join.
 *
 * @param perSecond messages a second
 * @param waitSeconds how long the consumer waits for more
 */
export function messagesPerBatch(perSecond: number, fullMessages: number, waitSeconds: number): number {
  return Math.min(fullMessages, 1 + perSecond * waitSeconds)
}

/** What a million events use when every batch of the consumer is full, without what goes on anyway. */
export function marginalMillion(rates: Rates): Usage {
  const requests = MILLION / rates.events
  const batches = (requests * rates.messagesPerRequest) / rates.fullMessages
  return addUsage(
    scaleUsage(rates.perRequest, requests),
    scaleUsage(addUsage(rates.full, rates.perBatchLater), batches),
    scaleUsage(rates.perEvent, MILLION),
  )
}

/**
 * A month of so many events, which come evenly over it.
 *
 * @param waitSeconds how long the consumer waits for a batch to fill. Default as `wrangler.toml` has it
 */
export function composeMonth(
  rates: Rates,
  minutes: Minutes,
  events: number,
  waitSeconds: number = BATCH_WAIT_SECONDS,
): Month {
  const messages = (events / rates.events) * rates.messagesPerRequest
  const perSecond = messages / (MONTH_MINUTES * 60)
  return composeOf(rates, minutes, events, messagesPerBatch(perSecond, rates.fullMessages, waitSeconds))
}

/** The same with batches of so many messages. */
export function composeOf(rates: Rates, minutes: Minutes, events: number, filled: number): Month {
  const requests = events / rates.events
  const messages = requests * rates.messagesPerRequest
  const batches = messages / filled
  // A minute without a single request has nothing to publish.
  const busyShare = 1 - Math.exp(-requests / MONTH_MINUTES)
  const usage = addUsage(
    scaleUsage(minutes.idle, MONTH_MINUTES),
    scaleUsage(minutes.traffic, MONTH_MINUTES * busyShare),
    scaleUsage(rates.perRequest, requests),
    scaleUsage(addUsage(batchOf(rates, filled), rates.perBatchLater), batches),
    scaleUsage(rates.perEvent, events),
  )
  return { requests, messages, batches, messagesPerBatch: filled, usage }
}

/** A batch of so many messages, on the line between one and a full one. */
export function batchOf({ single, full, fullMessages }: Rates, messages: number): Usage {
  const share = fullMessages > 1 ? (messages - 1) / (fullMessages - 1) : 0
  return addUsage(scaleUsage(single, 1 - share), scaleUsage(full, share))
}

/** With the log's line of each invocation, of the Worker and of objects, where those are kept. */
export function withInvocationLogs(usage: Usage, areKept: boolean): Usage {
  return areKept ? addUsage(usage, usageOf({ logEvents: usage.requests + usage.objectRequests })) : usage
}
