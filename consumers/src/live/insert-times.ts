/**
 * How long inserts into ClickHouse take and how large they are: a histogram as Prometheus has it, counts of values up to each
 * bound. Counts of several consumers and objects add up, in any order. Pure.
 */

/** Upper bounds of the times, in seconds: an insert of a batch takes some 50 ms, and is given up after 35 s. */
export const INSERT_BOUNDS_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const

/** What was measured. */
export interface InsertTimes {
  /** Inserts by the bound that they are within and the one before they are not; the last entry is of what is over all bounds. */
  buckets: number[]
  /** Sum of the times, in milliseconds. */
  ms: number
  rows: number
  /** Inserts that failed; they are in no bucket. */
  failed: number
}

/** Nothing measured. */
export function createInsertTimes(): InsertTimes {
  return { buckets: new Array<number>(INSERT_BOUNDS_S.length + 1).fill(0), ms: 0, rows: 0, failed: 0 }
}

/** Adds an insert that succeeded. */
export function addInsert(times: InsertTimes, ms: number, rows: number): void {
  const found = INSERT_BOUNDS_S.findIndex((bound) => ms <= bound * 1_000)
  const place = found === -1 ? INSERT_BOUNDS_S.length : found
  times.buckets[place] = (times.buckets[place] ?? 0) + 1
  times.ms += ms
  times.rows += rows
}

/** Adds all of another, which stays as it is. What has other bounds, as of another release, is left out. */
export function addInsertTimes(into: InsertTimes, { buckets, ms, rows, failed }: InsertTimes): void {
  if (buckets.length !== into.buckets.length) return
  into.buckets = into.buckets.map((count, place) => count + (buckets[place] ?? 0))
  into.ms += ms
  into.rows += rows
  into.failed += failed
}

/** What a consumer has measured and not told yet. */
export interface InsertMeter {
  /** Measures a function that inserts rows into a table. */
  measure: <Row>(
    insert: (table: string, rows: readonly Row[]) => Promise<void>,
  ) => (table: string, rows: readonly Row[]) => Promise<void>
  /** What was measured since the last time; `undefined` for nothing. */
  take: () => InsertTimes | undefined
  /** Puts back what was taken and could not be told. */
  giveBack: (times: InsertTimes | undefined) => void
}

/** Measures inserts into `events`: those of other tables are small beside them. */
export function createInsertMeter(now: () => number): InsertMeter {
  let times: InsertTimes | undefined
  const current = () => {
    times ??= createInsertTimes()
    return times
  }
  return {
    measure: (insert) => async (table, rows) => {
      if (table !== 'events') return insert(table, rows)
      const startedAt = now()
      try {
        await insert(table, rows)
      } catch (error) {
        current().failed += 1
        throw error
      }
      addInsert(current(), now() - startedAt, rows.length)
    },
    take() {
      const taken = times
      times = undefined
      return taken
    },
    giveBack(taken) {
      if (taken !== undefined) addInsertTimes(current(), taken)
    },
  }
}
