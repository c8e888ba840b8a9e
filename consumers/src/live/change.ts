/** What some events change in the windows of a source: made by the consumer, stored and applied by the object. */

import { decodeGroups, type EncodedGroups, encodeGroups, type Groups } from './groups.ts'
import type { CompiledWindow } from './plan.ts'
import { decodeSession, type EncodedSession, encodeSession, type Session } from './sessions.ts'

/** What changes in the windows of one definition. */
export interface WindowChange {
  window: CompiledWindow
  /** By the start of the pane. */
  panes: Map<number, Groups>
  sessions: Set<Session>
}

/** What is counted of a batch beside its windows. */
export interface ChangeFacts {
  /** Events that windows count. */
  events: number
  /** Events that came too late for them. */
  late: number
  /** Earliest time of a counted event; `null` when there is none. */
  earliest: number | null
  /** Latest receipt of an accepted event, a late one too; `null` when there is none. */
  acceptedUntil: number | null
  /** Receipts, and how many events each brought. */
  received: [receivedAt: number, events: number][]
  /** Refused and left out events, by reason. */
  quarantined: Record<string, number>
  omitted: Record<string, number>
}

/** All of it. */
export interface Change extends ChangeFacts {
  windows: WindowChange[]
}

interface EncodedChange extends ChangeFacts {
  windows: [id: string, panes: [start: number, groups: EncodedGroups][], sessions: EncodedSession[]][]
}

/** A change as JSON text. */
export function encodeChange({ windows, ...facts }: Change): string {
  const encoded: EncodedChange = {
    ...facts,
    windows: windows.map(({ window, panes, sessions }) => [
      window.id,
      [...panes].map(([start, groups]) => [start, encodeGroups(window, groups)]),
      [...sessions].map((session) => encodeSession(window, session)),
    ]),
  }
  return JSON.stringify(encoded)
}

/**
 * Reads {@link encodeChange}. Definitions that are not known are left out.
 *
 * @throws SyntaxError or TypeError for a text that is none
 */
export function decodeChange(text: string, findWindow: (id: string) => CompiledWindow | undefined): Change {
  const { windows, ...facts } = JSON.parse(text) as EncodedChange
  return {
    ...facts,
    windows: windows.flatMap(([id, panes, sessions]) => {
      const window = findWindow(id)
      if (window === undefined) return []
      return [
        {
          window,
          panes: new Map(panes.map(([start, groups]) => [start, decodeGroups(window, groups)])),
          sessions: new Set(sessions.map((session) => decodeSession(window, session))),
        },
      ]
    }),
  }
}
