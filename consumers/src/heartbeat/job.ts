/**
 * The heartbeat of a run of the cron: sends a beat, looks where the earlier ones have arrived meanwhile, tells ClickHouse, and
 * says so when several in a row were not where they should be in time.
 */

import { HEARTBEAT_STAGES, type HeartbeatStage } from '@millrace/schemas'
import type { LakeBucket } from '../lake/bucket.ts'
import { withTimeout } from '../timeout.ts'
import {
  type Beat,
  dueStages,
  findAlarms,
  judgeBeat,
  missingStages,
  type Objectives,
  rowOf,
  type StageAlarm,
} from './beat.ts'
import { findOrMakeKey } from './key.ts'
import { type Arrivals, LOOKS, type LookEffects } from './look.ts'
import { type FrontDoor, sendBeat } from './send.ts'
import { type HeartbeatState, readState, writeState } from './state.ts'

/** What a run works with. */
export interface HeartbeatEffects extends Omit<LookEffects, 'bucket'> {
  bucket: Pick<LakeBucket, 'head' | 'get' | 'put'>
  front: FrontDoor
  /** Resolves when ClickHouse has the rows. */
  insert: (table: string, rows: readonly object[]) => Promise<void>
  log: (record: Record<string, unknown>) => void
}

/** Beats that are kept though nothing is missing of them: what alarms and the health of the pipeline are judged by. */
const KEPT_BEATS = 30

/** Most beats that are remembered: a day of them. */
const MAX_BEATS = 1_500

/** How long a stage may take to say what it has. */
const LOOK_TIMEOUT_MS = 10_000

/**
 * One run. What a stage does not tell now, it is asked the next time.
 *
 * @throws what the bucket throws: without it nothing of a beat would be known later
 */
export async function runHeartbeat(effects: HeartbeatEffects, objectives: Objectives): Promise<void> {
  const { bucket, now, log, front } = effects
  const begunAt = now()
  const [stored, key] = await Promise.all([readState(bucket), findOrMakeKey(bucket)])
  const [beat, found] = await Promise.all([
    sendBeat({ front, key, now, log }),
    lookFor(effects, stored.state.beats),
  ])
  const at = now()
  const enter = (state: HeartbeatState) => enterFindings(state, [...found], beat, objectives, at)
  const entered = enter(stored.state)
  tellAlarms(log, stored.state, entered, objectives, at)
  const told = await tellWarehouse(effects, entered.beats, objectives, { now: at, begunAt })
  // Once, because R2 takes one write a second for a key. A run that is cut off before it forgets its own beat.
  await writeState(bucket, stored, (state) => settle(enter(state), told, at))
}

/** Where beats have arrived, by stage. */
async function lookFor(
  effects: HeartbeatEffects,
  beats: readonly Beat[],
): Promise<Map<HeartbeatStage, Arrivals>> {
  const found = new Map<HeartbeatStage, Arrivals>()
  await Promise.all(
    Object.entries(LOOKS).map(async ([name, look]) => {
      const stage = name as HeartbeatStage
      const wanted = beats.filter((beat) => missingStages(beat, effects.now()).includes(stage))
      if (wanted.length === 0) return
      try {
        found.set(stage, await withTimeout(look(effects, wanted), LOOK_TIMEOUT_MS))
      } catch (error) {
        const record = { level: 'warn', event: 'heartbeat_unknown', stage }
        effects.log({ ...record, error: String(error).slice(0, 300) })
      }
    }),
  )
  return found
}

/** The state with a new beat, and what was found of the others. Pure; a figure that is known stays as it is. */
export function enterFindings(
  { beats }: HeartbeatState,
  found: readonly [HeartbeatStage, Arrivals][],
  beat: Beat,
  objectives: Objectives,
  now: number,
): HeartbeatState {
  const known = beats.map((before) => {
    const times = { ...before.times }
    // Clocks that differ may put an arrival before the sending.
    for (const [stage, arrivals] of found) {
      const at = arrivals.get(before.id)
      if (at !== undefined) times[stage] ??= Math.max(0, at - before.sentAt)
    }
    return { ...before, times }
  })
  const all = [...known.filter(({ id }) => id !== beat.id), beat].sort((a, b) => a.sentAt - b.sentAt)
  const alarmed = findAlarms(all, objectives, now).map(({ stage }) => stage)
  return { beats: all.slice(-MAX_BEATS), alarmed }
}

/** When a run began to look, and when it had looked. */
interface RunTimes {
  begunAt: number
  now: number
}

/** The beat that a run sends is looked for by the next one. */
function lookedAt({ sentAt }: Beat, begunAt: number): number {
  return Math.max(sentAt, begunAt)
}

/** What would be written of a beat, and whether ClickHouse was told so. */
function toTell(beat: Beat, objectives: Objectives, { now, begunAt }: RunTimes): string {
  const due = dueStages(beat, objectives, lookedAt(beat, begunAt))
  return JSON.stringify([
    HEARTBEAT_STAGES.map((stage) => beat.times[stage]),
    judgeBeat(beat, objectives, now),
    // Of a stage where it is not, ClickHouse has to hear that it was looked for after its time.
    due.filter((stage) => beat.times[stage] === null),
  ])
}

/**
 * Tells ClickHouse what is new of beats. While it is away they wait.
 *
 * @returns what it knows now of beats, by their ids
 */
async function tellWarehouse(
  { insert, log }: HeartbeatEffects,
  beats: readonly Beat[],
  objectives: Objectives,
  times: RunTimes,
): Promise<Map<string, string>> {
  const news = beats.filter((beat) => beat.told !== toTell(beat, objectives, times))
  if (news.length === 0) return new Map()
  const rows = news.map((beat) => rowOf(beat, objectives, times.now, lookedAt(beat, times.begunAt)))
  try {
    await withTimeout(insert('heartbeats', rows), LOOK_TIMEOUT_MS)
    return new Map(news.map((beat) => [beat.id, toTell(beat, objectives, times)]))
  } catch (error) {
    log({ level: 'warn', event: 'heartbeat_untold', count: news.length, error: String(error).slice(0, 300) })
    return new Map()
  }
}

/** The state with what ClickHouse was told, without the beats of which nothing more will come. */
function settle({ beats, alarmed }: HeartbeatState, told: Map<string, string>, now: number): HeartbeatState {
  const known = beats.map((beat) => {
    const text = told.get(beat.id)
    return text === undefined ? beat : { ...beat, told: text }
  })
  const recent = known.length - KEPT_BEATS
  return { alarmed, beats: known.filter((beat, place) => place >= recent || !isDone(beat, now)) }
}

/** Nothing more will come of it, and ClickHouse has it. */
function isDone(beat: Beat, now: number): boolean {
  return beat.told !== undefined && missingStages(beat, now).length === 0
}

/** One line when a stage is not well any more, and one when it is again. */
function tellAlarms(
  log: HeartbeatEffects['log'],
  before: HeartbeatState,
  { beats }: HeartbeatState,
  objectives: Objectives,
  now: number,
): void {
  const alarms = findAlarms(beats, objectives, now)
  for (const { stage, since } of alarms) {
    if (before.alarmed.includes(stage)) continue
    const figures = { objectiveMs: objectives[stage], forMs: now - since }
    log({ level: 'error', event: 'heartbeat_late', stage, ...figures })
  }
  for (const stage of before.alarmed) {
    if (!alarms.some((alarm) => alarm.stage === stage))
      log({ level: 'info', event: 'heartbeat_in_time', stage })
  }
}

/** A beat that is older than this says nothing of how the pipeline is now. */
const STALE_MS = 5 * 60_000

/**
 * For how long beats have not been in time: 0 while they are, `null` when none was sent lately.
 *
 * @throws what the bucket throws
 */
export async function readHeartbeatLag(
  bucket: Pick<LakeBucket, 'get'>,
  objectives: Objectives,
  now: number,
): Promise<number | null> {
  const { beats } = (await readState(bucket)).state
  const last = beats.at(-1)
  if (last === undefined || now - last.sentAt > STALE_MS) return null
  const alarms: StageAlarm[] = findAlarms(beats, objectives, now)
  return Math.max(0, ...alarms.map(({ since }) => now - since))
}
