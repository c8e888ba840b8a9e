/** How far another clock is from ours, and whether that matters. Pure. */

import type { Finding, FindingMaker } from './finding.ts'

/** What another clock said, and between which readings of ours. Milliseconds since 1970. */
export interface ClockReading {
  askedAt: number
  answeredAt: number
  /** What it said. */
  at: number
  /** How much later it may have been than it said: a header has whole seconds. */
  resolutionMs: number
}

/** Events are off by so much, and windows close at the wrong time. */
const WARNING_MS = 1_000
const PROBLEM_MS = 60_000

/** Milliseconds that the other clock is ahead for certain; negative: behind. What the way there or whole seconds explain is 0. */
export function measureSkew({ askedAt, answeredAt, at, resolutionMs }: ClockReading): number {
  if (at > answeredAt) return at - answeredAt
  const latest = at + resolutionMs
  return latest < askedAt ? latest - askedAt : 0
}

/** Judges it. */
export function judgeClock(
  whose: string,
  reading: ClockReading,
  { ok, warning, problem }: FindingMaker,
): Finding {
  const skew = measureSkew(reading)
  const check = `clock of ${whose}`
  if (Math.abs(skew) <= WARNING_MS) return ok(check, 'within a second of this machine')
  const says = `${describeSpan(Math.abs(skew))} ${skew > 0 ? 'ahead of' : 'behind'} this machine`
  const mend =
    'find out which of the two is wrong: `timedatectl status` shows whether a machine synchronizes; then turn NTP on there'
  if (Math.abs(skew) <= PROBLEM_MS) return warning(check, says, mend)
  return problem(check, `${says}: times of events and windows are wrong by that`, mend)
}

function describeSpan(ms: number): string {
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} minutes` : `${Math.round(ms / 3_600_000)} hours`
}
