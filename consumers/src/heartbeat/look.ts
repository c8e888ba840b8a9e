/** Looks where beats have arrived: in the live window, in ClickHouse, in the published files of the lake. */

import { HEARTBEAT_SOURCE, type HeartbeatStage } from '@millrace/schemas'
import { fileKey, lakeHour, openLakeFile } from '@millrace/schemas/lake'
import type { Statements } from '@millrace/schemas/recompute'
import type { LakeBucket } from '../lake/bucket.ts'
import { readRange } from '../lake/published-file.ts'
import type { LiveObject } from '../live/rpc.ts'
import type { Beat } from './beat.ts'

/** What is asked. */
export interface LookEffects {
  read: Statements['read']
  bucket: Pick<LakeBucket, 'head' | 'get'>
  object: () => Pick<LiveObject, 'note'>
  now: () => number
}

/** When beats were at a stage, by their ids; milliseconds since 1970. */
export type Arrivals = Map<string, number>

/** How each stage is asked for beats that it may have by now. @throws what that stage throws */
export const LOOKS: Record<
  Exclude<HeartbeatStage, 'answered'>,
  (effects: LookEffects, beats: readonly Beat[]) => Promise<Arrivals>
> = { live: lookInLive, warehouse: lookInWarehouse, lake: lookInLake }

/** A beat is received within so long of being sent: no request takes longer, and clocks of one network differ by less. */
const RECEIPT_SLACK_MS = 25_000

/** The object keeps receipts, not ids; beats are a minute apart, so the nearest receipt is the beat's. */
async function lookInLive({ object, now }: LookEffects, beats: readonly Beat[]): Promise<Arrivals> {
  const { arrivals = [] } = await object().note({ at: now() })
  const found: Arrivals = new Map()
  for (const { id, sentAt } of beats) {
    const near = arrivals
      .filter(([receivedAt]) => Math.abs(receivedAt - sentAt) <= RECEIPT_SLACK_MS)
      .sort(([a], [b]) => Math.abs(a - sentAt) - Math.abs(b - sentAt))
    const countedAt = near[0]?.[1]
    if (countedAt !== undefined) found.set(id, countedAt)
  }
  return found
}

/** Any copy: the first that was inserted. */
const STORED = `SELECT message_id AS id, toString(toUnixTimestamp64Milli(min(inserted_at))) AS at
FROM events
WHERE source = {source:String} AND original_timestamp >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
  AND message_id IN {ids:Array(String)}
GROUP BY message_id`

/** Most ids of one statement: they go in its address. */
const MAX_IDS = 200

async function lookInWarehouse({ read }: LookEffects, beats: readonly Beat[]): Promise<Arrivals> {
  const some = beats.slice(-MAX_IDS)
  const since = Math.min(...some.map(({ sentAt }) => sentAt))
  const ids = some.map(({ id }) => id)
  const rows = await read<{ id: string; at: string }>(STORED, { source: HEARTBEAT_SOURCE, since, ids })
  return new Map(rows.map(({ id, at }) => [id, Number(at)]))
}

/** Files that are read in one run: one an hour. */
const MAX_FILES = 4

/** That a file has the beat says the file; since when, the time at which it was put there. An hour of beats is one bucket. */
async function lookInLake({ bucket }: LookEffects, beats: readonly Beat[]): Promise<Arrivals> {
  const byHour = Map.groupBy(beats, ({ sentAt }) => lakeHour(sentAt * 1_000, sentAt * 1_000))
  const found: Arrivals = new Map()
  for (const [hour, some] of [...byHour].slice(-MAX_FILES)) {
    const key = fileKey({ source: HEARTBEAT_SOURCE, hour, bucket: 0 })
    const object = await bucket.head(key)
    if (object === null) continue
    const file = await openLakeFile({
      byteLength: object.size,
      read: readRange(bucket, key, object.etag),
    })
    const ids = new Set<unknown>()
    for await (const values of file.column('message_id')) for (const id of values) ids.add(id)
    for (const { id } of some) if (ids.has(id)) found.set(id, object.uploaded.getTime())
  }
  return found
}
