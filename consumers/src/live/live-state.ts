/** All live state of a source in memory: its windows, which events are in them, and how far they are. Knows no storage. */

import type { LiveDefinition, LiveHealth, LivePlan, LiveWindow } from '@millrace/schemas/live'
import type { Change } from './change.ts'
import { createEventIds, type EventIds, type PackedId } from './event-ids.ts'
import { createHealth, type Health } from './health.ts'
import type { JudgedWindows } from './monitoring.ts'
import { createPaneTable } from './pane-table.ts'
import { type CompiledPlan, type CompiledWindow, compilePlan, compileWindow } from './plan.ts'
import { createSessionTable } from './session-table.ts'
import { advanceWatermark, FLOOR_STEP_MS, floorOf, type Progress } from './watermark.ts'
import type { Removed, Stamp, Undelivered, WholeSpan, WindowTable } from './window-table.ts'

/**
 * Ids that came within so many minutes are forgotten together, or of fewer where so many came. Whatever the plan is, so that it
 * may change. A generation goes by the minute in which it began.
 */
const MINUTE_MS = 60_000
const GENERATION_MINUTES = 4
const IDS_A_GENERATION = 250_000

/** Ids that are kept at most: some 40 MB. Beyond it the oldest go, and with them what they would be needed for. */
const MAX_IDS = 2_000_000

/** How long a closed window waits for ClickHouse after it would be forgotten. */
const UNDELIVERED_MS = 6 * 3_600_000

/** A definition that is in the plan counts until further notice. A number that JSON has. */
const FOREVER = Number.MAX_SAFE_INTEGER

/** How much of the past a first message tells. */
const SNAPSHOT_MS = 15 * 60_000

/** A definition and its windows. */
export interface Tabled {
  window: CompiledWindow
  table: WindowTable
  span: WholeSpan
}

/** The state. All is synchronous: nothing can come between. */
export interface LiveState {
  /** Makes the plan the one that is told; windows of a definition that is not in it any more stay until they are forgotten. */
  usePlan: (plan: LivePlan) => void
  /** Text of the plan that is told. */
  planText: () => string
  findWindow: (id: string) => CompiledWindow | undefined
  /** Places of ids that are counted already. */
  findKnown: (ids: readonly PackedId[]) => number[]
  /** @returns the generation that the ids are forgotten with */
  apply: (ids: readonly PackedId[], change: Change, at: number, latencyAt: number | undefined) => number
  /**
   * Keeps less, because it takes too much room: of what waits for ClickHouse alone the oldest tenth, and when there is none of
   * that, a tenth less of the past. What is before the floor is late from then on.
   *
   * @returns versions that ClickHouse will never get; `undefined` when there was nothing to forget
   */
  shrink: (now: number) => { lost: number } | undefined
  /** Whether a window that was final has changed since and may get its next version. Not for every batch: each version is told. */
  isCorrectionDue: (now: number) => boolean
  /** Advances the watermark, closes and forgets. */
  tick: (now: number) => void
  /** Whether a tick would change anything. */
  isTickDue: (now: number) => boolean
  /** When there will be something to do though nothing comes; `undefined` when nothing is held. */
  nextDue: (now: number) => number | undefined
  /** Whether windows that count are not final yet. */
  hasOpen: () => boolean
  /** Events before it are late. */
  floor: () => number
  progress: () => Readonly<Progress>
  stamp: () => Stamp
  definitions: () => LiveDefinition[]
  changedSince: (stamp: Stamp, shownAt: number, now: number) => { windows: LiveWindow[]; removed: Removed[] }
  recent: (now: number) => LiveWindow[]
  between: (name: string, from: number, to: number, now: number) => LiveWindow[]
  /** Windows of a name as monitors judge them; `undefined` when the plan has none of that name. */
  judged: (name: string, now: number) => JudgedWindows | undefined
  undelivered: () => Undelivered[]
  health: Health
  readHealth: (now: number) => LiveHealth
  /** For storage. */
  tables: () => ReadonlyMap<string, Tabled>
  ids: EventIds
  encode: () => string
  load: (text: string) => void
}

interface Encoded {
  progress: Progress
  plan: LivePlan
  windows: [span: WholeSpan, definition: CompiledWindow['definition']][]
  floorMark: number
}

/**
 * State of a source that nothing is known of.
 *
 * @param maxIds default {@link MAX_IDS}
 */
export function createLiveState({ maxIds = MAX_IDS }: { maxIds?: number } = {}): LiveState {
  const tables = new Map<string, Tabled>()
  const ids = createEventIds()
  const health = createHealth()
  let plan: LivePlan = { latenessMs: 30_000, retentionMs: 3_600_000, windows: [] }
  let compiled: CompiledPlan = { ...plan, windows: [] }
  let progress: Progress = { receivedAt: 0, changedAt: 0, startedAt: 0, watermark: 0 }
  // The highest floor there was; also raised when memory is short.
  let floorMark = 0
  let stamp = 0

  const addTable = (window: CompiledWindow, span: WholeSpan): void => {
    const create = window.definition.kind === 'session' ? createSessionTable : createPaneTable
    tables.set(window.id, { window, table: create(window, span), span })
  }
  const current = () => compiled.windows.flatMap(({ id }) => tables.get(id) ?? [])
  // Never back: what is before it is forgotten, though the retention be raised.
  const floor = () => Math.max(floorOf(progress.watermark, plan), floorMark)
  const spanMs = () => plan.latenessMs + plan.retentionMs
  const minuteOf = (at: number) => Math.floor(at / MINUTE_MS)

  const generationAt = (at: number): number => {
    const newest = ids.generations().at(-1)
    const minute = minuteOf(at)
    if (newest === undefined || minute <= newest) return newest ?? minute
    const isFull = minute - newest >= GENERATION_MINUTES || ids.sizeOf(newest) >= IDS_A_GENERATION
    return isFull ? minute : newest
  }

  /** @returns whether there were any */
  const forgetIds = (): boolean => {
    const count = ids.generations().length
    ids.forgetBefore(minuteOf(progress.watermark - spanMs()) - GENERATION_MINUTES + 1)
    while (ids.size() > maxIds) {
      const [, next] = ids.generations()
      if (next === undefined) break
      ids.forgetBefore(next)
      // What ends there is closed first, or its windows would be dropped before they were ever final.
      floorMark = Math.max(floorMark, next * MINUTE_MS)
      progress = { ...progress, watermark: Math.max(progress.watermark, floorMark) }
    }
    return ids.generations().length < count
  }

  const state: LiveState = {
    usePlan(wanted) {
      // First, because it may throw: then all stays as it is.
      compiled = compilePlan(wanted)
      plan = wanted
      // Of a source that has none yet, whatever comes is all there is.
      const since = progress.receivedAt
      const ids = new Set(compiled.windows.map(({ id }) => id))
      for (const [id, { span }] of tables) if (!ids.has(id)) span.until = Math.min(span.until, since)
      for (const window of compiled.windows) {
        const known = tables.get(window.id)
        if (known === undefined) addTable(window, { since, until: FOREVER })
        else if (known.span.until !== FOREVER) Object.assign(known.span, { since, until: FOREVER })
      }
    },
    planText: () => JSON.stringify(plan),
    findWindow: (id) => tables.get(id)?.window,
    findKnown: (wanted) =>
      wanted.flatMap((id, index) => {
        return ids.has(id) ? [index] : []
      }),
    apply(added, change, at, latencyAt) {
      stamp += 1
      const receivedAt = change.received.reduce((latest, [receipt]) => Math.max(latest, receipt), 0)
      progress = {
        ...progress,
        // A clock that is ahead must not close what is open.
        receivedAt: Math.max(progress.receivedAt, Math.min(receivedAt, at)),
        changedAt: Math.max(progress.changedAt, at),
        startedAt: progress.startedAt || Math.min(receivedAt, at),
      }
      const generation = generationAt(progress.receivedAt)
      for (const windowChange of change.windows) {
        tables.get(windowChange.window.id)?.table.apply(windowChange, stamp)
      }
      health.apply(change, at, latencyAt)
      // Last: what could not be applied is no copy when it comes again.
      for (const id of added) ids.add(id, generation)
      return generation
    },
    isTickDue(now) {
      const watermark = advanceWatermark(progress, plan, now)
      for (const { table } of tables.values())
        if ((table.nextEnd() ?? watermark + 1) <= watermark) return true
      return Math.max(floorOf(watermark, plan), floorMark) > floor()
    },
    isCorrectionDue(now) {
      const watermark = advanceWatermark(progress, plan, now)
      return [...tables.values()].some(({ table }) => (table.nextCorrection() ?? watermark + 1) <= watermark)
    },
    tick(now) {
      progress = { ...progress, watermark: advanceWatermark(progress, plan, now) }
      let isChanged = forgetIds()
      floorMark = floor()
      for (const { table } of tables.values()) {
        isChanged = table.close(progress.watermark, stamp + 1) || isChanged
        isChanged = table.forget(floorMark, floorMark - UNDELIVERED_MS) || isChanged
      }
      const known = new Set(compiled.windows.map(({ id }) => id))
      for (const [id, { table }] of tables) if (!known.has(id) && table.isEmpty()) tables.delete(id)
      // That the floor alone moved need not be saved: it follows from the clock.
      if (isChanged) stamp += 1
    },
    shrink(now) {
      const waiting = () => state.undelivered().length
      const before = floor()
      const count = waiting()
      const ends = state.undelivered().flatMap(({ window: { end } }) => (end <= before ? [end] : []))
      if (ends.length > 0) {
        const oldest = ends.reduce((least, end) => Math.min(least, end))
        const tenth = Math.ceil((oldest + (before - oldest) / 10) / FLOOR_STEP_MS) * FLOOR_STEP_MS
        const mark = Math.min(before, tenth)
        for (const { table } of tables.values()) table.forget(before, mark)
      } else {
        const latest = progress.watermark
        if (latest - before < plan.retentionMs / 20) return undefined
        floorMark = Math.ceil((before + (latest - before) / 10) / FLOOR_STEP_MS) * FLOOR_STEP_MS
        for (const { table } of tables.values()) table.forget(floorMark, floorMark)
      }
      const lost = count - waiting()
      state.tick(now)
      return { lost }
    },
    nextDue(now) {
      const ends = [...tables.values()]
        .flatMap(({ table }) => [table.nextEnd(), table.nextCorrection()])
        .filter((end) => end !== undefined)
      if (ends.length > 0) return Math.max(now, Math.min(...ends) + plan.latenessMs)
      const isHeld = [...tables.values()].some(({ table }) => !table.isEmpty()) || ids.size() > 0
      return isHeld ? Math.max(now, progress.watermark + spanMs()) : undefined
    },
    hasOpen: () => [...tables.values()].some(({ table }) => table.nextEnd() !== undefined),
    floor,
    progress: () => progress,
    stamp: () => stamp,
    definitions: () => compiled.windows.map(({ definition }) => describe(definition)),
    changedSince(since, shownAt, now) {
      const tabled = current()
      return {
        windows: tabled.flatMap(({ table }) => table.changedSince(since, shownAt, now)),
        removed: tabled.flatMap(({ table }) => table.removedSince(since)),
      }
    },
    recent: (now) =>
      current().flatMap(({ window: { definition }, table }) => {
        const span = Math.max(SNAPSHOT_MS, 2 * definition.everyMs)
        const windows = table.between(Math.max(0, now - span), Number.POSITIVE_INFINITY, now)
        return windows.filter(({ end }) => end > now - span)
      }),
    between: (name, from, to, now) =>
      current()
        .filter(({ window }) => window.definition.name === name)
        .flatMap(({ table }) => table.between(from, to, now)),
    judged(name, now) {
      const tabled = current().find(({ window }) => window.definition.name === name)
      if (tabled === undefined || progress.receivedAt === 0) return undefined
      const { everyMs, sizeMs } = tabled.window.definition
      return {
        windows: tabled.table
          .between(0, progress.watermark, now)
          .filter(({ end, state: how }) => end <= progress.watermark && how !== 'provisional'),
        watermark: progress.watermark,
        since: Math.max(tabled.span.since, progress.startedAt),
        floor: floor(),
        ...{ everyMs, sizeMs },
      }
    },
    undelivered: () => [...tables.values()].flatMap(({ table }) => table.undelivered()),
    health,
    readHealth(now) {
      const { receivedAt } = progress
      const { p50 } = health.read(now, { receivedAt, liveLagMs: null }).latencyMs
      return health.read(now, { receivedAt, liveLagMs: p50 })
    },
    tables: () => tables,
    ids,
    encode() {
      const encoded: Encoded = {
        ...{ progress, plan, floorMark },
        windows: [...tables.values()].map(({ window, span }) => [span, window.definition]),
      }
      return JSON.stringify(encoded)
    },
    load(text) {
      const encoded = JSON.parse(text) as Encoded
      progress = encoded.progress
      floorMark = encoded.floorMark
      plan = encoded.plan
      for (const [span, definition] of encoded.windows) {
        const window = attemptCompile(definition)
        if (window !== undefined) addTable(window, span)
      }
      const windows = plan.windows.flatMap((definition) => attemptCompile(definition) ?? [])
      compiled = { ...plan, windows }
    },
  }
  return state
}

/** A field that an older Worker knew may be gone: its windows go with it, and the object starts. */
function attemptCompile(definition: CompiledWindow['definition']): CompiledWindow | undefined {
  try {
    return compileWindow(definition)
  } catch {
    return undefined
  }
}

function describe(definition: CompiledWindow['definition']): LiveDefinition {
  const { name, title, by, kind, sizeMs, everyMs, measures } = definition
  const kinds = Object.entries(measures).map(([measure, { kind: of }]) => [measure, of])
  return { name, title, by: [...by], kind, sizeMs, everyMs, measures: Object.fromEntries(kinds) }
}
