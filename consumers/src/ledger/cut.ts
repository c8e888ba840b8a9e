/** Cuts the minutes of a run into statements: by how far they lie apart, by their text, which goes in the address, and by their events. */

import { minuteKey, type SourceMinute } from './minutes.ts'

/** Minutes of one statement, and seconds that they may lie apart: it reads what is between. */
const MAX_MINUTES = 100
const SPAN_SECONDS = 3_600

/**
 * Characters of the names in one statement. Each is in up to four parameters, with what is around it, and servers take an
 * address of 16 KB.
 */
const MAX_NAME_CHARACTERS = 1_600

/** Room beside a name: the minute, quotes and commas. */
const AROUND_NAME = 12

/** Events of one statement, unless a single minute has more. A million take a few hundred megabytes. */
const MAX_EVENTS = 250_000

/** In order of time, and no statement over more than is near: one old minute would have it read all since. */
export function cutByTime(places: readonly SourceMinute[]): SourceMinute[][] {
  const chunks: SourceMinute[][] = []
  let characters = 0
  for (const place of [...places].sort((a, b) => a.minute - b.minute)) {
    const last = chunks.at(-1)
    const first = last?.[0]
    characters += place.source.length + AROUND_NAME
    const isNear = first !== undefined && place.minute - first.minute < SPAN_SECONDS
    if (last !== undefined && isNear && last.length < MAX_MINUTES && characters <= MAX_NAME_CHARACTERS) {
      last.push(place)
    } else {
      chunks.push([place])
      characters = place.source.length + AROUND_NAME
    }
  }
  return chunks
}

/** @param events by {@link minuteKey} */
export function cutByEvents(
  places: readonly SourceMinute[],
  events: ReadonlyMap<string, number>,
): SourceMinute[][] {
  const chunks: SourceMinute[][] = []
  let count = Number.POSITIVE_INFINITY
  for (const place of places) {
    const own = events.get(minuteKey(place)) ?? 0
    count += own
    const last = chunks.at(-1)
    if (last !== undefined && count <= MAX_EVENTS) {
      last.push(place)
    } else {
      chunks.push([place])
      count = own
    }
  }
  return chunks
}
