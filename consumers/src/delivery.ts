/** Decides what happens to each queue message once its sinks have answered. Pure: knows no queue and no sink. */

import type { Outcome, SinkName } from './sink.ts'

/** What one message still needs: nothing, another try in some sinks, a place among the dead letters. */
export interface MessagePlan {
  retryIn: { sink: SinkName; error: string; isPressure: boolean }[]
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
      if (outcome === undefined) plan.retryIn.push({ sink, error: 'no outcome', isPressure: false })
      else if (outcome.kind === 'retry')
        plan.retryIn.push({ sink, error: outcome.error, isPressure: outcome.isPressure === true })
      else if (outcome.kind === 'refused') plan.deadIn.push({ sink, error: outcome.error })
    })
    return plan
  })
}

/** First delay. */
const BASE_DELAY_SECONDS = 1

/** First delay under pressure: merges of parts and the end of a large query take about that long. */
const BASE_PRESSURE_DELAY_SECONDS = 16

/** Longest delay: a round of tries then spans most of a day. */
const MAX_DELAY_SECONDS = 900

/**
 * Seconds until the next try: doubles with each, capped at 15 minutes, and lies somewhere in the upper half of that so
 * that messages that failed together do not come back together.
 *
 * @param attempts how often it was tried, from 1
 * @param random a number from 0 up to 1
 * @param isPressure whether the sink had too much to do; it is then left alone for longer
 */
export function decideDelaySeconds(attempts: number, random: number, isPressure = false): number {
  const base = isPressure ? BASE_PRESSURE_DELAY_SECONDS : BASE_DELAY_SECONDS
  const ceiling = Math.min(MAX_DELAY_SECONDS, base * 2 ** Math.min(attempts - 1, 30))
  return Math.max(1, Math.round(ceiling * (0.5 + random / 2)))
}

/**
 * Tries after which a message of the queue `retry` is sent to it anew. Under `max_retries` of `wrangler.toml`, behind which
 * the platform would move it to the dead letters, so that there is another try when that sending fails. The new message
 * also has its whole retention before it.
 */
export const TRIES_A_ROUND = 90

/** Rounds that trouble may take which is no pressure: about a week, so that a weekend with a wrong password loses nothing. */
const MAX_ROUNDS = 8

/**
 * What to do with a message of the queue `retry` that failed again: wait for its next try, send it anew with all tries
 * before it, or bury it. Pressure never buries. Other trouble does in the end: what failed for a week is more likely a
 * fault of ours with this one message than an outage, and somebody should see it.
 *
 * @param tried how often it was delivered, from 1, and in how many rounds before this one
 */
export function decideNextTry(
  tried: { attempts: number; rounds: number },
  isPressure: boolean,
): 'wait' | 'send-anew' | 'bury' {
  if (tried.attempts < TRIES_A_ROUND) return 'wait'
  return isPressure || tried.rounds + 1 < MAX_ROUNDS ? 'send-anew' : 'bury'
}
