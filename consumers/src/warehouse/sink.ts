/** The warehouse sink: a queue batch becomes one insert a table, and one bad message does not cost the others theirs. */

import type { Delivery, Outcome, Sink } from '../sink.ts'
import { isDataError } from './errors.ts'
import type { InsertRows } from './insert.ts'
import { buildEventRows, buildQuarantineRows } from './rows.ts'

/** Options of {@link createWarehouseSink}. */
export interface WarehouseSinkOptions {
  insert: InsertRows
}

/**
 * A sink over ClickHouse. Idempotent because both tables replace rows of the same key. When ClickHouse refuses the data
 * of many messages, halves are tried until the one at fault is found; that one is `refused`, the rest are written.
 */
export function createWarehouseSink({ insert }: WarehouseSinkOptions): Sink {
  const writeAll = async (deliveries: readonly Delivery[]) => {
    const events = deliveries.flatMap(({ envelope }) => buildEventRows(envelope))
    const quarantined = deliveries.flatMap(({ envelope }) => buildQuarantineRows(envelope))
    if (events.length > 0) await insert('events', events)
    if (quarantined.length > 0) await insert('quarantine', quarantined)
  }

  const write = async (deliveries: readonly Delivery[]): Promise<Outcome[]> => {
    try {
      await writeAll(deliveries)
      return deliveries.map(() => ({ kind: 'written' }))
    } catch (error) {
      if (!isDataError(error)) return deliveries.map(() => ({ kind: 'retry', error: String(error) }))
      if (deliveries.length === 1) return [{ kind: 'refused', error: String(error) }]
      const middle = Math.ceil(deliveries.length / 2)
      const first = await write(deliveries.slice(0, middle))
      return [...first, ...(await write(deliveries.slice(middle)))]
    }
  }

  return { name: 'warehouse', write }
}
