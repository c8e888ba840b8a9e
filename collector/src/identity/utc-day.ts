/** Days of UTC, and the hours after midnight in which the day before still counts. Pure; times are ms since 1970. */

/** Length of a UTC day: those have no summer time and, in this clock, no leap seconds. */
export const DAY_MS = 86_400_000

/** How long into a day the salt of the day before is still tried. */
export const OVERLAP_MS = 2 * 3_600_000

/** `2026-11-21`. */
export function utcDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** Milliseconds since midnight. */
export function timeOfDay(at: number): number {
  return at % DAY_MS
}

/** The day before, while a visit that began in it may still go on; otherwise `undefined`. */
export function lingeringDay(at: number): string | undefined {
  return timeOfDay(at) < OVERLAP_MS ? utcDay(at - DAY_MS) : undefined
}
