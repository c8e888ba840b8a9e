/** The one interface that all sinks share: warehouse, quarantine, lake and live windows. */

import type { Envelope } from '@millrace/schemas'
import { TimeoutError, withTimeout } from './timeout.ts'

/** Names of the sinks; they travel in `retry` messages, so a name is never reused. */
export const SINK_NAMES = ['warehouse', 'quarantine', 'lake', 'live'] as const

/** One of {@link SINK_NAMES}. */
export type SinkName = (typeof SINK_NAMES)[number]

/** An envelope with the id of the queue message that brought it. */
export interface Delivery {
  messageId: string
  envelope: Envelope
}

/**
 * What became of one delivery in one sink. `retry`: trouble that may pass, of which `isPressure` says that the sink has
 * too much to do, so it is left alone for longer and tried as long as it takes. `refused`: the same bytes will be refused
 * again, so it goes to the dead letters.
 */
export type Outcome =
  | { kind: 'written' }
  | { kind: 'retry'; error: string; isPressure?: boolean }
  | { kind: 'refused'; error: string }

/** Somewhere events are written to. */
export interface Sink {
  name: SinkName
  /**
   * Writes deliveries and gives one outcome for each, in order. Writing the same one again, in whatever company,
   * changes nothing. May throw or hang: {@link writeToSinks} turns both into `retry`.
   */
  write: (deliveries: readonly Delivery[]) => Promise<Outcome[]>
}

/** How long one sink may take over a queue batch. A queue handler has 15 minutes; two sinks in a row must fit. */
export const SINK_TIMEOUT_MS = 60_000

/**
 * Writes to all sinks at once; none waits for another.
 *
 * @returns for each sink, in order, the outcomes of the deliveries, in order
 */
export function writeToSinks(
  sinks: readonly Sink[],
  deliveries: readonly Delivery[],
  timeoutMs: number = SINK_TIMEOUT_MS,
): Promise<Outcome[][]> {
  return Promise.all(sinks.map((sink) => writeToSink(sink, deliveries, timeoutMs)))
}

async function writeToSink(
  sink: Sink,
  deliveries: readonly Delivery[],
  timeoutMs: number,
): Promise<Outcome[]> {
  if (deliveries.length === 0) return []
  try {
    const outcomes = await withTimeout(sink.write(deliveries), timeoutMs)
    if (outcomes.length === deliveries.length) return outcomes
    const error = `${sink.name} gave ${outcomes.length} outcomes for ${deliveries.length} deliveries`
    return deliveries.map(() => ({ kind: 'retry', error }))
  } catch (error) {
    const isPressure = error instanceof TimeoutError
    return deliveries.map(() => ({ kind: 'retry', error: String(error), isPressure }))
  }
}
