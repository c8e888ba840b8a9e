/** Combines the events of a queue batch into one change of a source's windows. Pure. */

import type { Envelope, EnvelopeEvent } from '@millrace/schemas'
import type { Row } from '@millrace/schemas/native'
import { buildEventRows } from '../rows/rows.ts'
import type { Delivery } from '../sink.ts'
import type { Change, WindowChange } from './change.ts'
import { type PackedId, packId } from './event-ids.ts'
import { createGroups, createTally, type Groups, keyOf, keyText, type Tally } from './groups.ts'
import type { MeasureState } from './measures/measure.ts'
import type { CompiledPlan, CompiledWindow } from './plan.ts'
import { addSession, createSession, type Session } from './sessions.ts'

/** One event as it came, whatever became of it. */
export interface Entry {
  /** Of the event itself: the same in every copy. */
  id: PackedId
  envelope: Envelope
  /** Of an accepted event. */
  accepted?: { event: EnvelopeEvent; row: Row }
  /** Why it was not accepted. */
  refused?: { kind: 'quarantined' | 'omitted'; reason: string }
  /** Which of its kind it is in the envelope. */
  place: number
}

/**
 * The events of deliveries of one source, each once: of copies the one that was received first. Those that were refused and left
 * out have ids of their own, because the same id may be accepted later.
 */
export function listEntries(deliveries: readonly Delivery[]): Entry[] {
  const byId = new Map<string, Entry>()
  const put = (messageId: string, kind: string, entry: Omit<Entry, 'id'>) => {
    const text = `${kind}\n${messageId}`
    const known = byId.get(text)
    if (known === undefined) byId.set(text, { id: packId(messageId, kind), ...entry })
    else if (entry.envelope.receivedAt < known.envelope.receivedAt) byId.set(text, { id: known.id, ...entry })
  }
  for (const { envelope } of deliveries) {
    const rows = buildEventRows(envelope)
    envelope.events.forEach((event, index) => {
      put(event.messageId, '', { envelope, place: index, accepted: { event, row: rows[index] as Row } })
    })
    envelope.quarantined.forEach(({ messageId, reason }, place) => {
      put(messageId, 'quarantined', { envelope, place, refused: { kind: 'quarantined', reason } })
    })
    envelope.omitted.forEach(({ messageId, reason }, place) => {
      put(messageId, reason, { envelope, place, refused: { kind: 'omitted', reason } })
    })
  }
  return [...byId.values()]
}

/**
 * What entries change.
 *
 * @param floor events before it are late, and in no window
 * @param isCapped whether a pane gets no more than `maxGroups` groups, for an event that has too many alone. Default false
 */
export function combine(
  { windows }: CompiledPlan,
  entries: readonly Entry[],
  floor: number,
  isCapped = false,
): Change {
  const change: Change = {
    ...{
      events: 0,
      late: 0,
      earliest: null,
      acceptedUntil: null,
      received: [],
      quarantined: {},
      omitted: {},
    },
    windows: windows.map((window) => ({ window, panes: new Map(), sessions: new Set() })),
  }
  const received = new Map<number, number>()
  const collectors = change.windows.map((window) => createCollector(window, isCapped))
  for (const { envelope, accepted, refused } of entries) {
    received.set(envelope.receivedAt, (received.get(envelope.receivedAt) ?? 0) + 1)
    if (refused !== undefined) {
      const counts = change[refused.kind]
      counts[refused.reason] = (counts[refused.reason] ?? 0) + 1
    } else if (accepted !== undefined) {
      const { timestamp } = accepted.event
      change.acceptedUntil = Math.max(change.acceptedUntil ?? 0, envelope.receivedAt)
      if (timestamp < floor) {
        // History is not late: nobody expected it here.
        if (envelope.route !== 'import') change.late += 1
        continue
      }
      change.events += 1
      change.earliest = Math.min(change.earliest ?? timestamp, timestamp)
      for (const collect of collectors) collect(accepted.row, timestamp)
    }
  }
  change.received = [...received]
  change.windows = change.windows.filter(({ panes, sessions }) => panes.size > 0 || sessions.size > 0)
  return change
}

type Collect = (row: Row, timestamp: number) => void

function createCollector(change: WindowChange, isCapped: boolean): Collect {
  const { window } = change
  const add = window.definition.kind === 'session' ? addToSessions(change) : addToPanes(change, isCapped)
  return (row, timestamp) => {
    const counted = new Set<Tally>()
    for (const view of window.viewsOf(row)) {
      if (!window.matches(view)) continue
      const tally = add(keyOf(window.by.map((field) => field.text(view))), timestamp)
      // Of several items in one group the event counts once.
      if (!counted.has(tally)) tally.events += 1
      counted.add(tally)
      window.measures.forEach((measure, index) => {
        measure.add(tally.states[index] as MeasureState, view)
      })
    }
  }
}

function addToPanes(
  { window, panes }: WindowChange,
  isCapped: boolean,
): (key: string[], timestamp: number) => Tally {
  const { everyMs } = window.definition
  return (key, timestamp) => {
    const start = Math.floor(timestamp / everyMs) * everyMs
    const groups = panes.get(start) ?? createGroups()
    panes.set(start, groups)
    if (!isCapped || groups.byKey.size < window.definition.maxGroups) return groupOf(window, groups, key)
    groups.other ??= createTally(window)
    return groups.other
  }
}

function groupOf(window: CompiledWindow, { byKey }: Groups, key: string[]): Tally {
  const text = keyText(key)
  const known = byKey.get(text)
  if (known !== undefined) return known
  const group = { key, ...createTally(window) }
  byKey.set(text, group)
  return group
}

function addToSessions({ window, sessions }: WindowChange): (key: string[], timestamp: number) => Tally {
  const byKey = new Map<string, Session[]>()
  return (key, timestamp) => {
    const text = keyText(key)
    const known = byKey.get(text) ?? []
    byKey.set(text, known)
    const { session, absorbed } = addSession(window, known, createSession(window, key, timestamp))
    for (const part of absorbed) sessions.delete(part)
    sessions.add(session)
    return session
  }
}
