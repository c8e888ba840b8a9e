/** What repetitions of one scenario come to, as lines of a result; playing and printing are left to others. */

import { type Measured, quantile } from '../measure.ts'
import type { Outcome } from './scenarios.ts'

/** Name of our SDK in the comparison: aims are for it alone. */
export const OURS = 'millrace'

/** Repetitions of one scenario by one SDK in one browser. */
export interface Series {
  browser: string
  sdk: string
  scenario: string
  /** Number of events that each tab was given. */
  events: number
  outcomes: Outcome[]
  /** What went wrong with the browser, by repetition that has no outcome. */
  errors: string[]
}

/** A line of the result; the first of a series has the whole of it. */
export interface SurvivalMeasured extends Measured {
  series?: Series
}

/** Most requests of an origin in 10 s of 503 with `Retry-After: 5`, whatever the number of tabs. */
const MAX_OUTAGE_REQUESTS = 3

/** Longest time until all arrived once the network is back. */
const MAX_RECOVERY_MS = 1_500

/** The lines of a series: what arrived, what stayed double and, where the scenario is about them, requests and time. */
export function describeSeries(series: Series): SurvivalMeasured[] {
  const { browser, sdk, scenario, events, outcomes } = series
  const name = `${sdk}, ${browser}: ${scenario}, ${events.toLocaleString('en-US')} events`
  const line = (what: string, unit: string, samples: number[], value: number, aim: Measured['aim']) => ({
    name: `${name}: ${what}`,
    // A series of browsers that failed shows nothing, and keeps no aim.
    value: outcomes.length > 0 ? value : Number.NaN,
    unit,
    samples,
    ...(sdk === OURS && aim !== undefined ? { aim } : {}),
  })
  const arrived = outcomes.map((outcome) => (100 * outcome.arrived) / outcome.sent)
  const duplicates = outcomes.map((outcome) => outcome.duplicates)
  const requests = outcomes.map((outcome) => outcome.requests)
  const recovery = outcomes.flatMap(({ recoveryMs }) => recoveryMs ?? [])
  const { sent, arrived: kept } = addUp(outcomes)
  return [
    { ...line('arrived', '%', arrived, (100 * kept) / sent, { atLeast: 100 }), series },
    line('net duplicates', 'events', duplicates, sum(duplicates), { atMost: 0 }),
    ...(isOutage(scenario)
      ? [
          line('requests in the 10 s', 'at most', requests, Math.max(...requests), {
            atMost: MAX_OUTAGE_REQUESTS,
          }),
        ]
      : []),
    ...(isFlap(scenario)
      ? [line('all arrived after', 'ms', recovery, quantile(recovery, 0.5), { atMost: MAX_RECOVERY_MS })]
      : []),
  ]
}

/** Sums over repetitions. */
export function addUp(outcomes: readonly Outcome[]): Pick<Outcome, 'sent' | 'arrived' | 'duplicates'> {
  return {
    sent: sum(outcomes.map(({ sent }) => sent)),
    arrived: sum(outcomes.map(({ arrived }) => arrived)),
    duplicates: sum(outcomes.map(({ duplicates }) => duplicates)),
  }
}

/** Whether a scenario is about how often a collector that is away is asked. */
export function isOutage(scenario: string): boolean {
  return scenario.startsWith('503')
}

/** Whether a scenario is about how soon events come once the network is back. */
export function isFlap(scenario: string): boolean {
  return scenario.includes('page open')
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
