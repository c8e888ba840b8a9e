/** A funnel by definition: the most steps that somebody did in order, within so long of the first. */

import type { OracleEvent } from './events.ts'
import { resolveIdentity } from './identity.ts'

/** People who reached each step. */
export function countFunnel(
  events: readonly OracleEvent[],
  steps: readonly string[],
  windowMs: number,
): number[] {
  const { personOf } = resolveIdentity(events)
  const byPerson = Map.groupBy(events, personOf)
  byPerson.delete('')
  const reached = [...byPerson.values()].map((own) => deepest(own.toSorted(compare), steps, windowMs))
  return steps.map((_, index) => reached.filter((depth) => depth > index).length)
}

function deepest(events: readonly OracleEvent[], steps: readonly string[], windowMs: number): number {
  let most = 0
  for (const [index, first] of events.entries()) {
    if (first.event !== steps[0]) continue
    let depth = 1
    for (const { event, at } of events.slice(index + 1)) {
      if (at - first.at > windowMs) break
      if (event === steps[depth]) depth++
    }
    most = Math.max(most, depth)
  }
  return most
}

function compare(a: OracleEvent, b: OracleEvent): number {
  return a.at - b.at || a.seq - b.seq || (a.event < b.event ? -1 : Number(a.event > b.event))
}
