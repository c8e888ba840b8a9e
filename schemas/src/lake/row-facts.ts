/** What a manifest says of rows, gathered while they pass. Pure. */

import { type LakeBatch, placeOf } from './columns.ts'
import { addId, addIdSums, createIdSum, formatIdSum } from './id-hash.ts'
import type { ManifestFile } from './manifest.ts'

/** What is gathered. */
export type RowFacts = Pick<ManifestFile, 'rows' | 'minTime' | 'maxTime' | 'idSum' | 'withoutClock'>

const MESSAGE_ID = placeOf('message_id')
const TIMESTAMP = placeOf('timestamp')
const ORIGINAL_TIMESTAMP = placeOf('original_timestamp')

/** Begins with no rows. */
export function createRowFacts(): { add: (batch: LakeBatch) => void; get: () => RowFacts } {
  const sums: string[] = []
  let [rows, withoutClock] = [0, 0]
  let [min, max] = [Number.POSITIVE_INFINITY, 0]
  return {
    add({ count, columns }) {
      rows += count
      const sum = createIdSum()
      for (const id of columns[MESSAGE_ID] as string[]) addId(sum, id)
      sums.push(formatIdSum(sum))
      for (const time of columns[TIMESTAMP] as number[]) {
        min = Math.min(min, time)
        max = Math.max(max, time)
      }
      for (const time of columns[ORIGINAL_TIMESTAMP] as number[]) if (time === 0) withoutClock++
    },
    get: () => ({
      rows,
      minTime: new Date(rows === 0 ? 0 : Math.floor(min / 1_000)).toISOString(),
      maxTime: new Date(Math.ceil(max / 1_000)).toISOString(),
      idSum: addIdSums(sums),
      withoutClock,
    }),
  }
}
