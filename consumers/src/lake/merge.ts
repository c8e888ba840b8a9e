/** Merges rows of the lake: each event once, in the order of message ids. Pure. */

import {
  emptyBatch,
  gather,
  type LakeBatch,
  type LakeValue,
  placeOf,
  ROW_GROUP_ROWS,
  ROW_GROUP_WEIGHT,
  UnreadableLakeFile,
  weightOf,
} from '@millrace/schemas/lake'

const MESSAGE_ID = placeOf('message_id')
const RECEIVED_AT = placeOf('received_at')

/** The ids of a batch. */
export function idsOf({ columns }: LakeBatch): readonly string[] {
  return (columns[MESSAGE_ID] ?? []) as string[]
}

/** Rows of a batch, in an order of their own. */
export interface Rows {
  batch: LakeBatch
  rows: readonly number[]
}

/** The batch in the order of its ids. */
export function sortById(batch: LakeBatch): LakeBatch {
  const times = batch.columns[RECEIVED_AT] as number[]
  return gather(batch, sortPlaces({ ids: idsOf(batch), times }, idsOf(batch).keys()))
}

/** What rows are ordered by, by their places. */
interface OrderKeys {
  ids: readonly string[]
  /** Microseconds since 1970 at which they were received. */
  times: readonly number[]
}

/** Places in the order of ids, each event once: of several copies the one that was received first, as in the warehouse. */
export function orderUnique(keys: OrderKeys, places: Iterable<number>): number[] {
  const { ids } = keys
  return sortPlaces(keys, places).filter(
    (place, index, sorted) => index === 0 || ids[place] !== ids[sorted[index - 1] ?? 0],
  )
}

/** Copies of an event stay beside each other, the one received first before the others. */
function sortPlaces({ ids, times }: OrderKeys, places: Iterable<number>): number[] {
  return [...places].sort(
    (a, b) => compareText(ids[a] ?? '', ids[b] ?? '') || (times[a] ?? 0) - (times[b] ?? 0),
  )
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
  /** Gives what is new, in the order of ids and each event once, a piece after the other. Default none. */
  added?: () => AsyncIterable<Rows>
  /** Places of the rows that stay. Default all. */
  keep?: (batch: LakeBatch) => readonly number[]
}

/**
 * Merges what is new into what is there.
 *
 * @throws UnreadableLakeFile when what is there is not in order: an event might then come to stand twice
 */
export function mergeRows({ existing, added = noRows, keep }: MergeOptions): Merge {
  let isChanged = false
  async function* merged(): AsyncGenerator<LakeBatch> {
    const output = createOutput()
    const nextPiece = createReader(added())
    let fresh = await nextPiece()
    let last: string | undefined
    for await (const whole of existing) {
      const kept = keep?.(whole)
      if (kept !== undefined && kept.length < whole.count) isChanged = true
      const ids = idsOf(whole)
      const times = whole.columns[RECEIVED_AT] as number[]
      let picks: number[] = []
      for (const row of kept ?? ids.keys()) {
        const id = ids[row] ?? ''
        if (last !== undefined && id <= last)
          throw new UnreadableLakeFile('its rows are not in the order of message_id')
        last = id
        let isReplaced = false
        while (fresh !== undefined && fresh.id() <= id) {
          const isCopy = fresh.id() === id
          if (!isCopy || fresh.time() < (times[row] ?? 0)) {
            picks.push(~fresh.row())
            isReplaced = isCopy
            isChanged = true
          }
          if (!fresh.advance()) {
            yield* output.take(whole, fresh.batch, picks)
            picks = []
            fresh = await nextPiece()
          }
        }
        if (!isReplaced) picks.push(row)
      }
      yield* output.take(whole, fresh?.batch ?? whole, picks)
    }
    while (fresh !== undefined) {
      isChanged = true
      yield* output.take(fresh.batch, fresh.batch, fresh.rest())
      fresh = await nextPiece()
    }
    yield* output.rest()
  }
  return { batches: merged(), isChanged: () => isChanged }
}

async function* noRows(): AsyncGenerator<Rows> {}

/** One piece of what is new, and how far it is read. */
interface Piece {
  batch: LakeBatch
  row: () => number
  id: () => string
  time: () => number
  /** @returns whether there is another row */
  advance: () => boolean
  /** Rows from here on. */
  rest: () => readonly number[]
}

/** A function that gives the next piece that has rows, `undefined` after the last. */
function createReader(added: AsyncIterable<Rows>): () => Promise<Piece | undefined> {
  const pieces = added[Symbol.asyncIterator]()
  return async () => {
    for (;;) {
      const { value, done } = await pieces.next()
      if (done === true) return undefined
      if (value.rows.length > 0) return createPiece(value)
    }
  }
}

function createPiece({ batch, rows }: Rows): Piece {
  const ids = idsOf(batch)
  const times = batch.columns[RECEIVED_AT] as number[]
  let at = 0
  const row = () => rows[at] ?? 0
  return {
    batch,
    row,
    id: () => ids[row()] ?? '',
    time: () => times[row()] ?? 0,
    advance: () => ++at < rows.length,
    rest: () => rows.slice(at).map((place) => ~place),
  }
}

/** Rows that wait until there are enough for a row group; never more than one of it. */
function createOutput() {
  let waiting = emptyBatch()
  let weight = 0
  return {
    /** Takes rows of `a`, or of `b` where a pick is negative: `~place`. */
    *take(a: LakeBatch, b: LakeBatch, picks: readonly number[]): Generator<LakeBatch> {
      for (let from = 0; from < picks.length; ) {
        let to = from
        while (to < picks.length && waiting.count + to - from < ROW_GROUP_ROWS && weight < ROW_GROUP_WEIGHT) {
          const pick = picks[to++] ?? 0
          weight += pick < 0 ? weightOf(b, ~pick) : weightOf(a, pick)
        }
        const some = picks.slice(from, to)
        waiting.columns.forEach((values, column) => {
          const [ofA = [], ofB = []] = [a.columns[column], b.columns[column]]
          for (const pick of some) values.push((pick < 0 ? ofB[~pick] : ofA[pick]) as LakeValue)
        })
        waiting.count += some.length
        from += some.length
        if (waiting.count === ROW_GROUP_ROWS || weight >= ROW_GROUP_WEIGHT) yield* this.rest()
      }
    },
    *rest(): Generator<LakeBatch> {
      const full = waiting
      waiting = emptyBatch()
      weight = 0
      if (full.count > 0) yield full
    },
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
