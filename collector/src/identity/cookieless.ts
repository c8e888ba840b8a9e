/**
 * Ids of visitors without cookies: from the salt of the UTC day, the source, the address and the user agent. The same for a
 * day, unlinkable across days and sources; a visit under way at midnight keeps its id until it pauses, at most two hours.
 */

import { keyedHash } from '../enrich/keyed-hash.ts'
import type { Salts } from './salts.ts'
import { DAY_MS, timeOfDay } from './utc-day.ts'

/** Remembers for a while which ids were seen. It may forget: the visit then gets a new id at midnight. */
export interface VisitMarks {
  has: (id: string) => Promise<boolean>
  mark: (id: string, ttlSeconds: number) => Promise<void>
}

/** Options of {@link createCookielessIds}. */
export interface CookielessOptions {
  salts: Salts
  marks: VisitMarks
  /** Our clock, milliseconds since 1970. */
  now: () => number
}

/** Gives the id of a visitor; ask once a request. Rejects when the salt cannot be had. */
export type CookielessIds = (source: string, ip: string, userAgent: string) => Promise<string>

/** A pause that ends a visit, as in most analytics since Google's. */
const VISIT_SECONDS = 30 * 60

/** Hex digits of an id: 128 bits, so that a billion visitors a day collide with a chance of about 1e-21. */
const ID_DIGITS = 32

/** Creates the ids of an isolate. */
export function createCookielessIds({ salts, marks, now }: CookielessOptions): CookielessIds {
  return async (source, ip, userAgent) => {
    // A user agent has no newline and stands last, so no two visitors have the same text.
    const visitor = `${source}\n${ip}\n${userAgent}`
    const yesterday = await salts.yesterday()
    if (yesterday !== undefined) {
      const before = await makeId(yesterday, visitor)
      if (await isMarked(marks, before)) {
        await tryToMark(marks, before)
        return before
      }
    }
    const id = await makeId(await salts.today(), visitor)
    // Only a visit that may reach midnight has to be remembered.
    if (timeOfDay(now()) >= DAY_MS - VISIT_SECONDS * 1_000) await tryToMark(marks, id)
    return id
  }
}

async function makeId(salt: CryptoKey, visitor: string): Promise<string> {
  return (await keyedHash(salt, visitor)).slice(0, ID_DIGITS)
}

async function isMarked(marks: VisitMarks, id: string): Promise<boolean> {
  try {
    return await marks.has(id)
  } catch {
    // A cache that is away costs one visit its continuation, not the event.
    return false
  }
}

async function tryToMark(marks: VisitMarks, id: string): Promise<void> {
  try {
    await marks.mark(id, VISIT_SECONDS)
  } catch {
    // As above.
  }
}
