/** Tells screen readers how the numbers are, politely and seldom. Pure but for what it is given. */

/** Least time between two announcements. */
export const EVERY_MS = 10_000

/** What announcing needs. */
export interface AnnounceEffects {
  /** Puts a text where a screen reader reads it out. */
  say: (text: string) => void
  now: () => number
}

/** A function that takes each new text, and says the latest one at most every {@link EVERY_MS}, and none twice in a row. */
export function createAnnouncer({ say, now }: AnnounceEffects): (text: string) => void {
  let saidAt = Number.NEGATIVE_INFINITY
  let said = ''
  return (text) => {
    if (text === said || now() - saidAt < EVERY_MS) return
    said = text
    saidAt = now()
    say(text)
  }
}
