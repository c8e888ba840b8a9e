/** Session windows: events of one key that follow each other within a gap. Whatever their order, the same sessions result. Pure. */

import { createTally, type EncodedGroup, mergeTally, type Tally } from './groups.ts'
import type { MeasureState } from './measures/measure.ts'
import type { CompiledWindow } from './plan.ts'

/** Events of one key. */
export interface Session extends Tally {
  key: string[]
  /** First and last event. */
  start: number
  last: number
}

/** A session as JSON. */
export type EncodedSession = [start: number, last: number, group: EncodedGroup]

/** Whether two sessions of one key are one: nothing is between them that lasts as long as the gap. */
export function belongTogether(a: Session, b: Session, gapMs: number): boolean {
  return a.start - b.last < gapMs && b.start - a.last < gapMs
}

/**
 * Adds a session to those of its key.
 *
 * @returns the session that it is part of now, and those that are part of that and were not before; the list changes
 */
export function addSession<Kept extends Session>(
  window: CompiledWindow,
  sessions: Kept[],
  added: Kept,
): { session: Kept; absorbed: Kept[] } {
  const touching = sessions.filter((session) => belongTogether(session, added, window.definition.sizeMs))
  const [session, ...absorbed] = touching.sort((a, b) => a.start - b.start)
  if (session === undefined) {
    sessions.push(added)
    return { session: added, absorbed: [] }
  }
  for (const part of [added, ...absorbed]) {
    session.start = Math.min(session.start, part.start)
    session.last = Math.max(session.last, part.last)
    mergeTally(window, session, part)
  }
  for (const part of absorbed) sessions.splice(sessions.indexOf(part), 1)
  return { session, absorbed }
}

/** A session without events yet. */
export function createSession(window: CompiledWindow, key: string[], timestamp: number): Session {
  return { key, start: timestamp, last: timestamp, ...createTally(window) }
}

export function encodeSession(
  { measures }: CompiledWindow,
  { key, start, last, events, states }: Session,
): EncodedSession {
  const encoded = measures.map((measure, index) => measure.encode(states[index] as MeasureState))
  return [start, last, [key, events, encoded]]
}

export function decodeSession(
  { measures }: CompiledWindow,
  [start, last, [key, events, states]]: EncodedSession,
): Session {
  return {
    ...{ key, start, last, events },
    states: measures.map((measure, index) => measure.decode(states[index])),
  }
}
