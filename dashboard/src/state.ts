/** What the page knows of a source: the last snapshot and every change since, laid over it. Pure. */

import type {
  ChangeMessage,
  LiveDefinition,
  LiveHealth,
  LiveWindow,
  MonitorStatus,
  SnapshotMessage,
  TailEvent,
} from '@millrace/schemas/live'

/** Windows that ended longer ago are let go, except the last of each name. */
export const KEEP_MS = 15 * 60_000
const KEEP_WINDOWS = 3

/** Events of the stream that are kept. */
export const MAX_EVENTS = 500

/** Events of each reason that are kept as its examples, whatever the stream shows. */
const MAX_EXAMPLES = 2

/** All that was heard of one source. */
export interface LiveState {
  source: string
  /** To resume from. */
  version: string
  /** Clock of the server at the last message, and ours then. */
  now: number
  heardAt: number
  watermark: number
  definitions: readonly LiveDefinition[]
  /** By name; those of a name by their start. */
  windows: ReadonlyMap<string, readonly LiveWindow[]>
  health: LiveHealth
  monitors: readonly MonitorStatus[]
  /** Oldest first. */
  events: readonly TailEvent[]
  /** Events that passed since the page was opened, and were not sent because there were too many. */
  missed: number
  /** Events that came to the stream since the page was opened, those that are not kept any more too. */
  passed: number
  /** The last ones of what was not accepted, by {@link exampleKey}, oldest first. */
  examples: ReadonlyMap<string, readonly TailEvent[]>
}

/** The state after a message. `undefined` for a change to what is not known. */
export function applyMessage(
  state: LiveState | undefined,
  message: SnapshotMessage | ChangeMessage,
  heardAt: number,
): LiveState | undefined {
  if (message.type === 'snapshot') return applySnapshot(state, message, heardAt)
  return state === undefined ? undefined : applyChange(state, message, heardAt)
}

/** The server's clock, going on from the last message. */
export function serverNow(state: LiveState, ourNow: number): number {
  return state.now + Math.max(0, ourNow - state.heardAt)
}

/** Whether anything ever came of the source. */
export function isEmpty(state: LiveState): boolean {
  return state.health.receivedAt === null && state.events.length === 0 && state.windows.size === 0
}

/** Whether nothing is being counted: the server has no window open, and speaks seldom. */
export function isQuiet({ windows }: LiveState): boolean {
  return ![...windows.values()].some((list) => list.some(({ state }) => state === 'provisional'))
}

/** Whether there are windows of which only a snapshot says what they are: those of a source that had none before. */
export function lacksDefinitions({ windows, definitions }: LiveState): boolean {
  const known = new Set(definitions.map(({ name }) => name))
  return [...windows.keys()].some((name) => !known.has(name))
}

/** Tells one event of the stream from all others, copies and refusals of it too. */
export function eventKey({ status, messageId, batchId, receivedAt, index }: TailEvent): string {
  return JSON.stringify([status, messageId, batchId, receivedAt, index])
}

/** What examples stand under. */
export function exampleKey(status: TailEvent['status'], reason: string): string {
  return `${status} ${reason}`
}

function applySnapshot(before: LiveState | undefined, message: SnapshotMessage, heardAt: number): LiveState {
  // What the snapshot leaves out of the stream was seen all the same.
  const known = before?.source === message.source ? before : undefined
  return {
    source: message.source,
    version: message.version,
    now: message.now,
    heardAt,
    watermark: message.watermark,
    definitions: message.definitions,
    windows: prune(byName(message.windows), message),
    health: message.health,
    monitors: message.monitors,
    missed: known?.missed ?? 0,
    ...takeEvents(known, message.events),
  }
}

function applyChange(state: LiveState, message: ChangeMessage, heardAt: number): LiveState {
  const windows = new Map(state.windows)
  for (const { name, start, key } of message.removed ?? []) {
    const gone = JSON.stringify([start, key])
    windows.set(
      name,
      (windows.get(name) ?? []).filter(
        (window) => JSON.stringify([window.start, sessionKey(window)]) !== gone,
      ),
    )
  }
  for (const [name, changed] of byName(message.windows)) {
    const kinds = state.definitions.find((definition) => definition.name === name)?.kind
    const isSession = kinds === 'session'
    const idOf = (window: LiveWindow) =>
      isSession ? JSON.stringify([window.start, sessionKey(window)]) : String(window.start)
    const byId = new Map((windows.get(name) ?? []).map((window) => [idOf(window), window]))
    for (const window of changed) byId.set(idOf(window), window)
    windows.set(
      name,
      [...byId.values()].sort((a, b) => a.start - b.start),
    )
  }
  return {
    ...state,
    version: message.version,
    now: message.now,
    heardAt,
    watermark: message.watermark,
    windows: prune(windows, message),
    health: message.health ?? state.health,
    monitors: message.monitors ?? state.monitors,
    missed: state.missed + (message.missed ?? 0),
    ...takeEvents(state, message.events ?? []),
  }
}

/** Whose session it is: its only group. */
function sessionKey({ groups }: LiveWindow): string[] {
  return groups[0]?.key ?? []
}

function byName(windows: readonly LiveWindow[]): Map<string, LiveWindow[]> {
  const named = new Map<string, LiveWindow[]>()
  for (const window of windows) {
    const list = named.get(window.name)
    if (list === undefined) named.set(window.name, [window])
    else list.push(window)
  }
  for (const list of named.values()) list.sort((a, b) => a.start - b.start)
  return named
}

function prune(
  windows: ReadonlyMap<string, readonly LiveWindow[]>,
  { now }: { now: number },
): Map<string, readonly LiveWindow[]> {
  const kept = new Map<string, readonly LiveWindow[]>()
  for (const [name, list] of windows) {
    const some = list.filter(({ end }, index) => end > now - KEEP_MS || index >= list.length - KEEP_WINDOWS)
    if (some.length > 0) kept.set(name, some)
  }
  return kept
}

type Taken = Pick<LiveState, 'events' | 'passed' | 'examples'>

/** The later ones after those that are known, each once. */
function takeEvents(known: Taken | undefined, more: readonly TailEvent[]): Taken {
  const { events, passed, examples } = known ?? { events: [], passed: 0, examples: new Map() }
  if (more.length === 0) return { events, passed, examples }
  const seen = new Set(events.map(eventKey))
  const fresh = more.filter((event) => {
    const key = eventKey(event)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
  return {
    events: [...events, ...fresh].slice(-MAX_EVENTS),
    passed: passed + fresh.length,
    examples: addExamples(examples, fresh),
  }
}

function addExamples(known: Taken['examples'], fresh: readonly TailEvent[]): Taken['examples'] {
  const refused = fresh.filter(({ status, reason }) => status !== 'accepted' && reason !== undefined)
  if (refused.length === 0) return known
  const examples = new Map(known)
  for (const event of refused) {
    const key = exampleKey(event.status, event.reason ?? '')
    // One that went out of the stream may be told again.
    const others = (examples.get(key) ?? []).filter((other) => eventKey(other) !== eventKey(event))
    examples.set(key, [...others, event].slice(-MAX_EXAMPLES))
  }
  return examples
}
