/** Decides what happens to each queue message once its sinks have answered. Pure: knows no queue and no sink. */

import type { Outcome, SinkName } from './sink.ts'

/** What one message still needs: nothing, another try in some sinks, a place among the dead letters. */
export interface MessagePlan {
  retryIn: { sink: SinkName; error: string }[]
  deadIn: { sink: SinkName; error: string }[]
}

/**
 * One plan for each message, in order.
 *
 * @param sinkNames the sinks, in the order of `outcomes`
 * @param outcomes for each sink, the outcome of each message
 */
export function decideDelivery(
  sinkNames: readonly SinkName[],
  outcomes: readonly (readonly Outcome[])[],
): MessagePlan[] {
  const count = outcomes[0]?.length ?? 0
  return Array.from({ length: count }, (_, index) => {
    const plan: MessagePlan = { retryIn: [], deadIn: [] }
    sinkNames.forEach((sink, s) => {
      const outcome = outcomes[s]?.[index]
      if (outcome === undefined) plan.retryIn.push({ sink, error: 'no outcome' })
      else if (outcome.kind === 'retry') plan.retryIn.push({ sink, error: outcome.error })
      else if (outcome.kind === 'refused') plan.deadIn.push({ sink, error: outcome.error })
    })
    return plan
  })
}

/** First delay. */
const BASE_DELAY_SECONDS = 1

/** Longest delay: a hundred tries then span about a day. */
const MAX_DELAY_SECONDS = 900

/**
 * Seconds until the next try: doubles with each, capped at 15 minutes, and lies somewhere in the upper half of that so
 * that messages that failed together do not come back together.
 *
 * @param attempts how often it was tried, from 1
 * @param random a number from 0 up to 1
 */
export function decideDelaySeconds(attempts: number, random: number): number {
  const ceiling = Math.min(MAX_DELAY_SECONDS, BASE_DELAY_SECONDS * 2 ** Math.min(attempts - 1, 30))
  return Math.max(1, Math.round(ceiling * (0.5 + random / 2)))
}
