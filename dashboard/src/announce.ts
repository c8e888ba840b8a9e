/** Tells screen readers what happens, politely and seldom. Pure but for what it is given. */

/** Least time between two announcements of how many are here. */
export const EVERY_MS = 30_000

/** A number is notably other than the last one when it differs by both of these. */
const NOTABLE = 5
const NOTABLE_SHARE = 0.2

/** What announcing needs. */
export interface AnnounceEffects {
  /** Puts a text where a screen reader reads it out. */
  say: (text: string) => void
  now: () => number
}

/** Says things. */
export interface Announcer {
  /** Says what came of something that a person did. */
  tell: (text: string) => void
  /** Says how many are here, at most every {@link EVERY_MS}, when it is notably other than what was said last. */
  tellNumber: (count: number, text: string) => void
  /** Of another source nothing was said yet. */
  clear: () => void
}

/** Creates an {@link Announcer}. */
export function createAnnouncer({ say, now }: AnnounceEffects): Announcer {
  let saidAt = Number.NEGATIVE_INFINITY
  let said: number | undefined
  return {
    tell: say,
    tellNumber(count, text) {
      if (now() - saidAt < EVERY_MS || !isNotable(said, count)) return
      saidAt = now()
      said = count
      say(text)
    },
    clear() {
      saidAt = Number.NEGATIVE_INFINITY
      said = undefined
      say('')
    },
  }
}

/** Whether somebody who heard the one number wants to hear the other: also when all are gone, or the first ones come. */
function isNotable(said: number | undefined, count: number): boolean {
  if (said === undefined || (said === 0) !== (count === 0)) return true
  return Math.abs(count - said) >= Math.max(NOTABLE, NOTABLE_SHARE * said)
}
