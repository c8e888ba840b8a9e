/** Counts what is in flight where it can be counted: the spill and the dead letters, by what their metadata says. */

import { DEAD_PREFIX, isDeadLetterKey, SPILL_PREFIX } from '@millrace/schemas'
import { type LakeBucket, listAll } from '../lake/bucket.ts'
import { type KnownInFlight, minuteKey } from './minutes.ts'

/** Objects that are looked at in each place; of what is beyond, nothing is known. */
const MAX_OBJECTS = 2_000

const MINUTE_MS = 60_000

/** Events by source and minute of receipt. Of objects without that in their metadata nothing is known. */
export async function countInFlight(bucket: Pick<LakeBucket, 'list'>): Promise<KnownInFlight> {
  return {
    spilled: await countEvents(bucket, SPILL_PREFIX, () => true),
    // A letter that only another sink refused is stored all the same.
    dead: await countEvents(bucket, DEAD_PREFIX, (key, { sink }) => {
      return isDeadLetterKey(key) && (sink === 'warehouse' || sink === '')
    }),
  }
}

async function countEvents(
  bucket: Pick<LakeBucket, 'list'>,
  prefix: string,
  isCounted: (key: string, metadata: Record<string, string>) => boolean,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  let looked = 0
  for await (const { key, customMetadata = {} } of listAll(bucket, { prefix, include: ['customMetadata'] })) {
    looked += 1
    if (looked > MAX_OBJECTS) break
    const { source, accepted, takenAt } = customMetadata
    if (source === undefined || !isCounted(key, customMetadata)) continue
    const minute = (Math.floor(Number(takenAt) / MINUTE_MS) * MINUTE_MS) / 1_000
    if (!Number.isFinite(minute) || !Number.isFinite(Number(accepted))) continue
    const place = minuteKey({ source, minute })
    counts.set(place, (counts.get(place) ?? 0) + Number(accepted))
  }
  return counts
}
