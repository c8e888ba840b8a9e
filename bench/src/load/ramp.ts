/** Decides which rate to try next, and when the highest is found that the machine sustains. Pure. */

/** What a rate that was tried came to. */
export interface Step {
  /** Events a second that clients tracked. */
  rate: number
  /** Events a second that were acknowledged. */
  ackedRate: number
  /** Answers' 95th percentile. */
  p95Ms: number
  /** Growth of acknowledged events that are not in ClickHouse yet, a second. */
  backlogGrowth: number
}

/** What to do next. */
export type NextStep = { kind: 'try'; rate: number } | { kind: 'hold'; rate: number }

/** First rate that is tried. */
export const FIRST_RATE = 400

/** Each rate is so many times the one before, until one is too high. */
const FACTOR = 1.4

/** Between the highest good rate and the lowest bad one there is another try when they are further apart than this. */
const CLOSE_ENOUGH = 1.2

/** Share of the highest good rate that is held, so that what an outage left can be caught up with. */
const HELD_SHARE = 0.85

/** A rate under which nothing is tried. */
const LOWEST_RATE = 20

/** Answers that are slower for one in twenty are no service. */
export const MAX_P95_MS = 1_000

/** Share of the rate by which the backlog may grow: between two looks it goes up and down by a batch. */
const MAX_GROWTH_SHARE = 0.1

/** Share of the rate that must be acknowledged: batches wait for company up to a second. */
const MIN_ACKED_SHARE = 0.85

/** Whether a rate is one that could go on. */
export function isSustained({ rate, ackedRate, p95Ms, backlogGrowth }: Step): boolean {
  return (
    p95Ms <= MAX_P95_MS && backlogGrowth <= rate * MAX_GROWTH_SHARE && ackedRate >= rate * MIN_ACKED_SHARE
  )
}

/** The next rate to try, after those that were. */
export function decideNextRate(steps: readonly Step[]): NextStep {
  const good = Math.max(0, ...steps.filter(isSustained).map(({ rate }) => rate))
  const bad = Math.min(
    Number.POSITIVE_INFINITY,
    ...steps.filter((step) => !isSustained(step)).map(({ rate }) => rate),
  )
  if (steps.length === 0) return { kind: 'try', rate: FIRST_RATE }
  if (good === 0) {
    const rate = Math.round(bad / 2)
    return rate < LOWEST_RATE ? { kind: 'hold', rate: LOWEST_RATE } : { kind: 'try', rate }
  }
  if (bad === Number.POSITIVE_INFINITY) return { kind: 'try', rate: Math.round(good * FACTOR) }
  if (bad > good && bad / good > CLOSE_ENOUGH) return { kind: 'try', rate: Math.round(Math.sqrt(good * bad)) }
  // One that was good beside a lower one that was not is chance.
  return { kind: 'hold', rate: Math.round(Math.min(good, bad) * HELD_SHARE) }
}
