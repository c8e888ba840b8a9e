/** One beat and what is known of it: how it stands, and whether the last ones say that a stage is not well. Pure. */

import { HEARTBEAT_STAGES, type HeartbeatStage } from '@millrace/schemas'

/** How beats are sent: to an address, by the binding to itself, or to the handler in the same isolate. */
export type Door = 'url' | 'self' | 'inside'

/** Milliseconds from sending to each stage; `null` while it is not known, and for a beat that was not answered. */
export type BeatTimes = Record<HeartbeatStage, number | null>

/** A beat. */
export interface Beat {
  /** Id of its event. */
  id: string
  /** Milliseconds since 1970. */
  sentAt: number
  door: Door
  times: BeatTimes
  /** What ClickHouse was last told of it; absent while it was told nothing. */
  told?: string
}

/** In what time a beat has to be at each stage, in milliseconds. */
export type Objectives = Record<HeartbeatStage, number>

/**
 * `ok`: at each stage in time. `late`: a stage took longer, or has not got it in that time. `lost`: a stage has not got it after
 * an hour. `pending`: under way, and in time until now.
 */
export type BeatState = 'ok' | 'late' | 'lost' | 'pending'

/** After so long what has not arrived is called lost. It may still arrive: a queue keeps messages for days. */
export const LOST_MS = 3_600_000

/** After so long nobody looks for it any more. */
export const GIVE_UP_MS = 24 * 3_600_000

/** How many beats in a row have to miss the same stage's objective before it is told: one may be a deploy. */
export const BEATS_TO_ALARM = 3

/** How a beat stands at a stage: in time, not, or not due yet. */
function judgeStage(
  { sentAt, times }: Beat,
  stage: HeartbeatStage,
  objectives: Objectives,
  now: number,
): 'in time' | 'missed' | 'under way' {
  const objective = objectives[stage]
  const ms = times[stage]
  if (ms !== null) return ms <= objective ? 'in time' : 'missed'
  return now - sentAt > objective ? 'missed' : 'under way'
}

/** How a beat stands. */
export function judgeBeat(beat: Beat, objectives: Objectives, now: number): BeatState {
  const verdicts = HEARTBEAT_STAGES.map((stage) => judgeStage(beat, stage, objectives, now))
  const isWhole = HEARTBEAT_STAGES.every((stage) => beat.times[stage] !== null)
  if (!isWhole && now - beat.sentAt > LOST_MS) return 'lost'
  if (verdicts.includes('missed')) return 'late'
  return isWhole ? 'ok' : 'pending'
}

/** Stages whose objective was over when they were asked for a beat. */
export function dueStages({ sentAt }: Beat, objectives: Objectives, lookedAt: number): HeartbeatStage[] {
  return HEARTBEAT_STAGES.filter((stage) => lookedAt - sentAt > objectives[stage])
}

/** Stages that a beat is still looked for at. That it was not answered is known at once. */
export function missingStages({ sentAt, times }: Beat, now: number): HeartbeatStage[] {
  if (now - sentAt > GIVE_UP_MS) return []
  return HEARTBEAT_STAGES.filter((stage) => stage !== 'answered' && times[stage] === null)
}

/** A stage whose last beats all missed its objective. */
export interface StageAlarm {
  stage: HeartbeatStage
  /** When the last beat was sent that was there in time, or else the oldest that is known; milliseconds since 1970. */
  since: number
}

/**
 * Stages at which the last {@link BEATS_TO_ALARM} beats that are due were all late or missing.
 *
 * @param beats in the order they were sent
 */
export function findAlarms(beats: readonly Beat[], objectives: Objectives, now: number): StageAlarm[] {
  return HEARTBEAT_STAGES.flatMap((stage) => {
    const due = beats
      .map((beat) => ({ beat, verdict: judgeStage(beat, stage, objectives, now) }))
      .filter(({ verdict }) => verdict !== 'under way')
    const last = due.slice(-BEATS_TO_ALARM)
    if (last.length < BEATS_TO_ALARM || last.some(({ verdict }) => verdict === 'in time')) return []
    const good = due.findLast(({ verdict }) => verdict === 'in time')?.beat
    return [{ stage, since: good?.sentAt ?? beats[0]?.sentAt ?? now }]
  })
}

/**
 * The row of ClickHouse's table `heartbeats`.
 *
 * @param lookedAt when stages were asked for it; for a beat that they were not asked for yet, when it was sent
 */
export function rowOf(
  beat: Beat,
  objectives: Objectives,
  now: number,
  lookedAt: number,
): Record<string, unknown> {
  const { id, sentAt, door, times } = beat
  const columns = HEARTBEAT_STAGES.flatMap((stage) => [
    [`${stage}_ms`, times[stage]],
    [`${stage}_objective_ms`, objectives[stage]],
  ])
  return {
    sent_at: timeOf(sentAt),
    message_id: id,
    door,
    ...Object.fromEntries(columns),
    state: judgeBeat(beat, objectives, now),
    updated_at: timeOf(lookedAt),
  }
}

/** As ClickHouse reads it. */
function timeOf(at: number): string {
  return new Date(at).toISOString().slice(0, -1)
}
