/** What is remembered of beats between two runs: one object in the bucket, which is there when ClickHouse is not. */

import type { HeartbeatStage } from '@millrace/schemas'
import { hasContent, type LakeBucket } from '../lake/bucket.ts'
import type { Beat } from './beat.ts'

/** Where it lies. */
export const STATE_OBJECT = 'heartbeat/beats.json'

/** The beats that are looked for or not told, and the last ones. */
export interface HeartbeatState {
  /** In the order they were sent. */
  beats: Beat[]
  /** Stages that it was told of that they are not well. */
  alarmed: HeartbeatStage[]
}

/** The state and what it takes to replace it. */
export interface StoredState {
  state: HeartbeatState
  /** Absent where there is none yet. */
  etag: string | undefined
}

/** How often a write is tried that another run beats. */
const MAX_TRIES = 3

/** The state; an empty one where there is none, or none that can be read. */
export async function readState(bucket: Pick<LakeBucket, 'get'>): Promise<StoredState> {
  const object = await bucket.get(STATE_OBJECT)
  if (object === null || !hasContent(object)) return { state: { beats: [], alarmed: [] }, etag: undefined }
  return { state: parseState(await object.text()), etag: object.etag }
}

/**
 * Replaces the state by what `update` makes of it. Another run may do so at the same time: then it is read again.
 *
 * @returns the state as it is now
 */
export async function writeState(
  bucket: Pick<LakeBucket, 'get' | 'put'>,
  stored: StoredState,
  update: (state: HeartbeatState) => HeartbeatState,
): Promise<StoredState> {
  let before = stored
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const state = update(before.state)
    const onlyIf = before.etag === undefined ? { etagDoesNotMatch: '*' } : { etagMatches: before.etag }
    const written = await bucket.put(STATE_OBJECT, JSON.stringify(state), { onlyIf })
    if (written !== null) return { state, etag: written.etag }
    before = await readState(bucket)
  }
  throw new Error(`${STATE_OBJECT} was changed ${MAX_TRIES} times meanwhile`)
}

/** It is ours, so only that it is whole is checked; what is not begins anew, because beats are told to ClickHouse too. */
function parseState(text: string): HeartbeatState {
  try {
    const { beats, alarmed } = JSON.parse(text) as Partial<HeartbeatState>
    if (Array.isArray(beats) && Array.isArray(alarmed)) return { beats, alarmed }
  } catch {
    // Not JSON: likewise.
  }
  return { beats: [], alarmed: [] }
}
