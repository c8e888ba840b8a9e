/** Merges rows of the lake: each event once, in the order of message ids. Pure. */

import {
  concatBatches,
  emptyBatch,
  gather,
  type LakeBatch,
  type LakeValue,
  placeOf,
  ROW_GROUP_ROWS,
  UnreadableLakeFile,
} from '@millrace/schemas/lake'

const MESSAGE_ID = placeOf('message_id')
const RECEIVED_AT = placeOf('received_at')

/** The ids of a batch. */
export function idsOf({ columns }: LakeBatch): readonly string[] {
  return (columns[MESSAGE_ID] ?? []) as string[]
}

/** Rows in the order of their ids; copies of an event stay beside each other, the one received first before the others. */
export function sortById(batch: LakeBatch): LakeBatch {
  const ids = idsOf(batch)
  const times = batch.columns[RECEIVED_AT] as number[]
  const order = Array.from({ length: batch.count }, (_, row) => row)
  order.sort((a, b) => compareText(ids[a] ?? '', ids[b] ?? '') || (times[a] ?? 0) - (times[b] ?? 0))
  return gather(batch, order)
}

/** Batches as one, in the order of ids, each event once: of several copies the one that was received first, as in the warehouse. */
export function joinUnique(batches: readonly LakeBatch[]): LakeBatch {
  const sorted = sortById(concatBatches(batches))
  const ids = idsOf(sorted)
  const firsts = Array.from({ length: sorted.count }, (_, row) => row).filter(
    (row) => row === 0 || ids[row] !== ids[row - 1],
  )
  return firsts.length === sorted.count ? sorted : gather(sorted, firsts)
}

/** What a merge came to. */
export interface Merge {
  /** Batches in order, each of {@link ROW_GROUP_ROWS} but the last; to be read to the end. */
  batches: AsyncGenerator<LakeBatch>
  /** Whether the rows are others than before; known at the end. */
  isChanged: () => boolean
}

/** Options of {@link mergeRows}. */
export interface MergeOptions {
  /** What is there, in the order of ids. */
  existing: AsyncIterable<LakeBatch>
  /** As {@link joinUnique} gives it. Default none. */
  added?: LakeBatch
  /** Places of the rows that stay. Default all. */
  keep?: (batch: LakeBatch) => readonly number[]
}

/**
 * Merges what is new into what is there.
 *
 * @throws UnreadableLakeFile when what is there is not in order: an event might then come to stand twice
 */
export function mergeRows({ existing, added = emptyBatch(), keep }: MergeOptions): Merge {
  let isChanged = false
  async function* merged(): AsyncGenerator<LakeBatch> {
    const rows = createAccumulator()
    const [newIds, newTimes] = [idsOf(added), added.columns[RECEIVED_AT] as number[]]
    let next = 0
    let last = ''
    let isFirst = true
    for await (const whole of existing) {
      const kept = keep?.(whole)
      if (kept !== undefined && kept.length < whole.count) isChanged = true
      const batch = kept === undefined || kept.length === whole.count ? whole : gather(whole, kept)
      const ids = idsOf(batch)
      const times = batch.columns[RECEIVED_AT] as number[]
      const picks: number[] = []
      for (let row = 0; row < batch.count; row++) {
        const id = ids[row] ?? ''
        if (!isFirst && id <= last)
          throw new UnreadableLakeFile('its rows are not in the order of message_id')
        ;[last, isFirst] = [id, false]
        while (next < added.count && (newIds[next] ?? '') < id) picks.push(~next++)
        if (next < added.count && newIds[next] === id) {
          const isEarlier = (newTimes[next] ?? 0) < (times[row] ?? 0)
          picks.push(isEarlier ? ~next : row)
          if (isEarlier) isChanged = true
          next++
        } else {
          picks.push(row)
        }
      }
      if (picks.length > batch.count) isChanged = true
      rows.take(batch, added, picks)
      yield* rows.full()
    }
    if (next < added.count) isChanged = true
    rows.take(
      emptyBatch(),
      added,
      Array.from({ length: added.count - next }, (_, index) => ~(next + index)),
    )
    yield* rows.full()
    yield* rows.rest()
  }
  return { batches: merged(), isChanged: () => isChanged }
}

/** Rows that wait until there are enough for a row group. */
function createAccumulator() {
  let waiting = emptyBatch()
  return {
    /** Takes rows of `a`, or of `b` where a pick is negative: `~row`. */
    take(a: LakeBatch, b: LakeBatch, picks: readonly number[]): void {
      waiting.columns.forEach((values, place) => {
        const [ofA = [], ofB = []] = [a.columns[place], b.columns[place]]
        for (const pick of picks) values.push((pick < 0 ? ofB[~pick] : ofA[pick]) as LakeValue)
      })
      waiting.count += picks.length
    },
    *full(): Generator<LakeBatch> {
      while (waiting.count >= ROW_GROUP_ROWS) {
        const { columns, count } = waiting
        waiting = {
          count: count - ROW_GROUP_ROWS,
          columns: columns.map((values) => values.slice(ROW_GROUP_ROWS)),
        }
        for (const values of columns) values.length = ROW_GROUP_ROWS
        yield { count: ROW_GROUP_ROWS, columns }
      }
    },
    *rest(): Generator<LakeBatch> {
      if (waiting.count > 0) yield waiting
      waiting = emptyBatch()
    },
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
