/** The rows that a simulated ClickHouse took, made fit for a real one that many seeds share: own sources, and not long ago. */

import type { Row } from '@millrace/schemas/native'

/** Tables in the order in which the sink writes them. */
export const TABLES = ['events', 'quarantine', 'omitted', 'receipts'] as const

/** One of them. */
export type Table = (typeof TABLES)[number]

/** What one seed wrote. */
export interface SeedRows {
  seed: number
  sources: readonly string[]
  /** Every copy, in the order in which it was inserted: `world.clickHouse.rows`. */
  rows: (table: string) => readonly Row[]
  /** Ids of each source that clients got a 2xx for. */
  acknowledged: ReadonlyMap<string, readonly string[]>
  /** Ids of each source that are among the dead letters, so that they are not here. */
  dead: ReadonlyMap<string, ReadonlySet<string>>
  /** Whether there is any dead letter: then something may be in flight for ever. */
  hasDeadLetters: boolean
}

/** A source of a seed as the warehouse has it. */
export interface SeedSource {
  /** `s12-shop`. */
  name: string
  seed: number
  tables: Record<Table, readonly Row[]>
  acknowledged: readonly string[]
  dead: ReadonlySet<string>
  hasDeadLetters: boolean
}

const DAY_MS = 86_400_000

/** Columns that hold milliseconds since 1970. */
const TIMES = ['received_at', 'sent_at', 'timestamp', 'original_timestamp', 'taken_at'] as const

/**
 * The sources of these seeds. All times move by whole days, so that the last receipt of each is less than two days ago: the
 * ledger looks back a week, by the clock of ClickHouse.
 */
export function prepareSources(seeds: readonly SeedRows[], nowMs: number): SeedSource[] {
  return seeds.flatMap((seed) => {
    const shiftMs = chooseShift(seed, nowMs)
    return seed.sources.map((source) => {
      const name = `s${seed.seed}-${source}`
      const own = (table: Table) =>
        seed
          .rows(table)
          .filter((row) => row['source'] === source)
          .map((row) => moveRow(row, name, shiftMs))
      return {
        name,
        seed: seed.seed,
        tables: {
          events: own('events'),
          quarantine: own('quarantine'),
          omitted: own('omitted'),
          receipts: own('receipts'),
        },
        acknowledged: seed.acknowledged.get(source) ?? [],
        dead: seed.dead.get(source) ?? new Set(),
        hasDeadLetters: seed.hasDeadLetters,
      }
    })
  })
}

function chooseShift({ rows }: SeedRows, nowMs: number): number {
  const last = TABLES.flatMap((table) => rows(table).map((row) => Number(row['received_at']))).reduce(
    (most, at) => Math.max(most, at),
    0,
  )
  return last === 0 ? 0 : (Math.floor((nowMs - last) / DAY_MS) - 1) * DAY_MS
}

function moveRow(row: Row, source: string, shiftMs: number): Row {
  const moved: Row = { ...row, source }
  for (const column of TIMES) {
    const time = row[column]
    // 0 is no time at all.
    if (typeof time === 'number' && time !== 0) moved[column] = time + shiftMs
  }
  if (Array.isArray(row['hours'])) {
    moved['hours'] = row['hours'].map((hour) => (hour === 0 ? 0 : Number(hour) + shiftMs / 1_000))
  }
  return moved
}
