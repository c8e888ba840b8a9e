/** Tells those who watch what changed: at most twice a second, and never more to one than it has taken. Knows no sockets. */

import type {
  ChangeMessage,
  LiveHealth,
  LiveMessage,
  LiveWindow,
  MonitorStatus,
  SnapshotMessage,
  TailEvent,
} from '@millrace/schemas/live'
import type { Watch } from './rpc.ts'
import { createTailTest, type TailTest } from './tail.ts'
import type { Removed, Stamp } from './window-table.ts'

/** Least time between two messages. */
export const PUSH_MS = 500

/** How often one who watches is told of health. */
const HEALTH_MS = 5_000

/** How long a watcher may leave a message unacknowledged. */
const ACK_MS = 30_000

/** Events that are held for those who come, and sent in one message. */
const HELD_EVENTS = 300
const MAX_EVENTS = 100

/** Events of a first message. */
const FIRST_EVENTS = 50

/** Where messages go. */
export interface Outlet {
  /** Sends one message. */
  send: (message: LiveMessage) => void
  /** Whether it takes more, where the outlet itself knows; otherwise the watcher acknowledges. */
  isReady?: () => boolean
  close: (code: number, reason: string) => void
}

/** What is told, by whoever knows it. */
export interface Telling {
  now: () => number
  stamp: () => Stamp
  watermark: () => number
  changedSince: (stamp: Stamp, shownAt: number) => { windows: LiveWindow[]; removed: Removed[] }
  /** Everything, but for the version and the events. */
  snapshot: () => Omit<SnapshotMessage, 'type' | 'version' | 'events' | 'now'>
  health: () => LiveHealth
  /** The monitors, when one changed since that time. */
  monitorsSince: (at: number) => MonitorStatus[] | undefined
  /** Calls back after so many milliseconds. */
  schedule: (ms: number, run: () => void) => void
  /** Part of each version that is of this incarnation: numbers of another one mean nothing. */
  epoch: string
}

/** One who watches. */
export interface Watcher {
  acknowledge: (version: string) => void
  /** Which events it wants; `null` for none. */
  tail: (watch: Watch | null) => void
}

/** How one watches. */
export interface WatchOptions {
  since?: string
  /** Which events it wants. Default: all. */
  watch?: Watch | null
  /** Whether it wants events alone, and no windows. Default false. */
  isEventsOnly?: boolean
  isKnown?: boolean
}

/** All who watch. */
export interface Watchers {
  /**
   * Adds one. It gets a snapshot, or what changed since the version it names, where that is still known.
   *
   * @param isKnown it was there before this object was, and has what there was then
   */
  add: (outlet: Outlet, options: WatchOptions) => Watcher
  remove: (outlet: Outlet) => void
  /** Takes events that passed. */
  addEvents: (events: readonly TailEvent[], missed: number) => void
  /** The last of them, oldest first. */
  lastEvents: () => TailEvent[]
  /** Says that something changed. */
  notify: () => void
  /** Says that so much changed that everything is to be told anew, such as the definitions. */
  startOver: () => void
  /** What they want to see of events; one for all who want the same. */
  watches: () => Watch[]
  size: () => number
  /** Closes those that take nothing. */
  dropSlow: () => void
}

interface Held {
  place: number
  event: TailEvent
}

interface State {
  outlet: Outlet
  stamp: Stamp
  shownAt: number
  eventPlace: number
  missedPlace: number
  healthAt: number
  monitorsAt: number
  unacknowledged: { version: string; at: number } | undefined
  watch: Watch | null
  isEventsOnly: boolean
  test: TailTest
  isOutdated: boolean
}

/** What changed, for all who have the same. */
type Cache = Map<string, Changes>

type Changes = ReturnType<Telling['changedSince']>

const NOTHING: Changes = { windows: [], removed: [] }

/** Everything, of whatever status. */
const ALL: Watch = { filters: [] }

export function createWatchers(telling: Telling): Watchers {
  const { now, epoch } = telling
  const states = new Map<Outlet, State>()
  const held: Held[] = []
  let place = 0
  let missedTotal = 0
  let isScheduled = false
  let pushedAt = 0

  const versionOf = (stamp: Stamp) => `${epoch}.${stamp}.${place}`

  const send = (state: State, message: LiveMessage): void => {
    if ('version' in message) state.unacknowledged = { version: message.version, at: now() }
    state.outlet.send(message)
  }

  const sendSnapshot = (state: State): void => {
    const stamp = telling.stamp()
    const wanted = state.watch === null ? [] : held.filter(({ event }) => state.test(event))
    send(state, {
      type: 'snapshot',
      version: versionOf(stamp),
      now: now(),
      ...snapshotFor(state),
      events: wanted.slice(-FIRST_EVENTS).map(({ event }) => event),
    })
    Object.assign(state, marks(stamp), { healthAt: now(), monitorsAt: now(), isOutdated: false })
  }

  const snapshotFor = ({ isEventsOnly }: State) => {
    const whole = telling.snapshot()
    return isEventsOnly ? { ...whole, definitions: [], windows: [], monitors: [] } : whole
  }

  const changesFor = ({ stamp, shownAt, isEventsOnly }: State, cache: Cache) => {
    if (isEventsOnly) return NOTHING
    const key = `${stamp} ${shownAt}`
    const changes = cache.get(key) ?? telling.changedSince(stamp, shownAt)
    cache.set(key, changes)
    return changes
  }

  const marks = (stamp: Stamp) => ({
    ...{ stamp, shownAt: now() },
    ...{ eventPlace: place, missedPlace: missedTotal },
  })

  const sendChanges = (state: State, cache: Cache): void => {
    if (state.unacknowledged !== undefined || state.outlet.isReady?.() === false) return
    if (state.isOutdated) {
      sendSnapshot(state)
      return
    }
    const { windows, removed } = changesFor(state, cache)
    const { events, missed } = eventsFor(state)
    const extras = extrasFor(state)
    const isEmpty =
      windows.length + removed.length + events.length + missed === 0 && Object.keys(extras).length === 0
    const stamp = telling.stamp()
    if (isEmpty) {
      Object.assign(state, marks(stamp))
      return
    }
    send(state, {
      ...{ type: 'change', version: versionOf(stamp), now: now(), watermark: telling.watermark(), windows },
      ...(removed.length === 0 ? {} : { removed }),
      ...extras,
      ...(events.length === 0 ? {} : { events }),
      ...(missed === 0 ? {} : { missed }),
    })
    Object.assign(state, marks(stamp))
  }

  const extrasFor = (state: State): Pick<ChangeMessage, 'health' | 'monitors'> => {
    if (state.isEventsOnly) return {}
    const monitors = telling.monitorsSince(state.monitorsAt)
    if (monitors !== undefined) state.monitorsAt = now()
    if (now() - state.healthAt < HEALTH_MS) return monitors === undefined ? {} : { monitors }
    state.healthAt = now()
    return { health: telling.health(), ...(monitors === undefined ? {} : { monitors }) }
  }

  const eventsFor = (state: State): { events: TailEvent[]; missed: number } => {
    if (state.watch === null) return { events: [], missed: 0 }
    const wanted = held.filter((one) => one.place > state.eventPlace && state.test(one.event))
    // What went out of the list unseen may not have been wanted; that it was left out is said all the same.
    const unseen = Math.max(0, (held[0]?.place ?? place + 1) - 1 - state.eventPlace)
    return {
      events: wanted.slice(-MAX_EVENTS).map(({ event }) => event),
      missed: Math.max(0, wanted.length - MAX_EVENTS) + unseen + missedTotal - state.missedPlace,
    }
  }

  const flush = (): void => {
    isScheduled = false
    pushedAt = now()
    const cache: Cache = new Map()
    for (const state of states.values()) sendChanges(state, cache)
  }

  const notify = (): void => {
    if (isScheduled || states.size === 0) return
    isScheduled = true
    telling.schedule(Math.max(0, pushedAt + PUSH_MS - now()), flush)
  }

  return {
    add(outlet, { since, watch = ALL, isKnown = false, isEventsOnly = false }) {
      const state: State = {
        ...{ outlet, watch, isEventsOnly, test: createTailTest(watch ?? ALL), unacknowledged: undefined },
        ...marks(0),
        ...{ healthAt: 0, monitorsAt: isKnown ? now() : 0, isOutdated: false },
        // Of this incarnation nothing is told yet: what changes from now on is.
        shownAt: isKnown ? now() : 0,
      }
      states.set(outlet, state)
      const from = readVersion(since, epoch)
      if (!isKnown && from !== undefined) {
        Object.assign(state, { ...from, shownAt: 0 })
        sendChanges(state, new Map())
        // It hears that it is connected, whether something changed or not.
        if (state.unacknowledged === undefined) sendSnapshot(state)
      } else if (!isKnown) {
        sendSnapshot(state)
      }
      return {
        acknowledge(version) {
          if (state.unacknowledged?.version !== version) return
          state.unacknowledged = undefined
          if (telling.stamp() > state.stamp || place > state.eventPlace || state.isOutdated) notify()
        },
        tail(wanted) {
          Object.assign(state, { watch: wanted, test: createTailTest(wanted ?? ALL) })
        },
      }
    },
    remove(outlet) {
      states.delete(outlet)
    },
    addEvents(events, missed) {
      for (const event of events) {
        place += 1
        held.push({ place, event })
      }
      held.splice(0, Math.max(0, held.length - HELD_EVENTS))
      missedTotal += missed
    },
    lastEvents: () => held.slice(-FIRST_EVENTS).map(({ event }) => event),
    notify,
    startOver() {
      for (const state of states.values()) state.isOutdated = true
      notify()
    },
    watches() {
      const distinct = new Map<string, Watch>()
      for (const { watch } of states.values()) if (watch !== null) distinct.set(JSON.stringify(watch), watch)
      return [...distinct.values()]
    },
    size: () => states.size,
    dropSlow() {
      for (const { outlet, unacknowledged } of states.values()) {
        if (unacknowledged === undefined || now() - unacknowledged.at < ACK_MS) continue
        states.delete(outlet)
        outlet.close(1013, `nothing was acknowledged for ${ACK_MS / 1_000} s`)
      }
    },
  }
}

/** Where a version of this incarnation is; `undefined` for one of another. */
function readVersion(
  version: string | undefined,
  epoch: string,
): { stamp: Stamp; eventPlace: number } | undefined {
  const [, known, stamp, eventPlace] = /^([^.]*)\.(\d{1,15})\.(\d{1,15})$/.exec(version ?? '') ?? []
  return known === epoch ? { stamp: Number(stamp), eventPlace: Number(eventPlace) } : undefined
}
