/** The Worker and ClickHouse on free ports, and what of each run is stored there. */

import { startTestStack } from '../../../test/support/stack.ts'

/** A running stack. */
export interface RealStack {
  /** Base URL of the Worker. */
  url: string
  /** Waits until every run has as many events as it tracked, or nothing changes any more, and counts them by run. */
  countStored: (runs: readonly { run: string; events: number }[]) => Promise<Map<string, Stored>>
  /** The same for what a condition of SQL selects. */
  countWhere: (condition: string, events: number) => Promise<Stored>
  stop: () => Promise<void>
}

/** What ClickHouse has of a run. */
export interface Stored {
  /** Different events: by number where they are marked, else by `message_id`. */
  events: number
  /** Rows after ClickHouse's dedupe (`FINAL`); more than `events` would be duplicates. */
  rows: number
  /** Rows as they lie there: an event that was sent twice may be there twice until it is merged. */
  rawRows: number
}

/** The local queue waits a second, and an insert may be tried again. */
const QUIET_MS = 15_000

const LOOK_MS = 500

/** Starts it; the cron does not run. */
export async function startRealStack(): Promise<RealStack> {
  const stack = await startTestStack()
  return {
    url: stack.worker.url,
    async countStored(runs) {
      const look = async () => {
        const rows = await stack.query<Stored & { run: string }>(SELECT_RUNS)
        return new Map(rows.map(({ run, ...stored }) => [run, stored]))
      }
      const isWhole = (stored: Map<string, Stored>) =>
        runs.every(({ run, events }) => (stored.get(run)?.events ?? 0) >= events)
      return waitUntil(look, isWhole, (stored) => JSON.stringify([...stored]))
    },
    async countWhere(condition, events) {
      const look = async () => {
        const [row] = await stack.query<Stored>(buildSelect('message_id', condition))
        return row ?? { events: 0, rows: 0, rawRows: 0 }
      }
      return waitUntil(look, (stored) => stored.events >= events, JSON.stringify)
    },
    stop: () => stack.stop(),
  }
}

const SELECT_RUNS = `SELECT run, events, rows, rawRows FROM (
  SELECT user_id AS run, toUInt32(uniqExact(toString(properties.i))) AS events, toUInt32(count()) AS rows
  FROM events FINAL GROUP BY run) AS final
  JOIN (SELECT user_id AS run, toUInt32(count()) AS rawRows FROM events GROUP BY run) AS raw USING run`

function buildSelect(id: string, condition: string): string {
  const count = `toUInt32(count())`
  return `SELECT toUInt32(uniqExact(${id})) AS events, ${count} AS rows,
    (SELECT ${count} FROM events WHERE ${condition}) AS rawRows FROM events FINAL WHERE ${condition}`
}

async function waitUntil<T>(
  look: () => Promise<T>,
  isWhole: (value: T) => boolean,
  fingerprint: (value: T) => string,
): Promise<T> {
  let last = await look()
  let changedAt = Date.now()
  while (!isWhole(last) && Date.now() - changedAt < QUIET_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    const now = await look()
    if (fingerprint(now) !== fingerprint(last)) changedAt = Date.now()
    last = now
  }
  return last
}
