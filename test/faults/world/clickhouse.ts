/**
 * ClickHouse as far as inserts go: rows of each table in the order in which they came, an insert that may land although it timed
 * out or land in part, data that is refused, and on reading one row of each sorting key: that of the earliest receipt.
 */

import type { Row } from '@millrace/schemas/native'
import { callService, type Service } from './call.ts'
import type { SimProcess, World } from './world.ts'

/** The warehouse of a world. */
export interface SimClickHouse {
  /** Rows as they were inserted. */
  rows: (table: string) => readonly Row[]
  insertFor: (process: SimProcess) => (table: string, rows: readonly Row[]) => Promise<void>
  /** Statements: every question has an empty answer, as where nobody was ever forgotten. */
  statementsFor: (process: SimProcess) => {
    run: (query: string, parameters?: Record<string, unknown>) => Promise<void>
    read: <R>(query: string, parameters?: Record<string, unknown>) => Promise<R[]>
  }
}

/** An insert is given up after 35 s. Source: consumers/src/warehouse/insert.ts. */
const INSERT_TIMEOUT_MS = 35_000

/** Rows of a block: what lands of an insert that is cut off lands in whole blocks. */
const BLOCK_ROWS = 50

/** An event whose name begins so holds data that ClickHouse refuses. */
export const REFUSED_EVENT = 'refused by the warehouse'

/** Errors of ClickHouse that say nothing of the data, each with its share of failures. Source: `src/Common/ErrorCodes.cpp`. */
const TROUBLES = ['241', '252', '60', '516', 'network'] as const

/** Its tables, all empty. */
export function createClickHouse(world: World, service: Service): SimClickHouse {
  const tables = new Map<string, Row[]>()
  const rowsOf = (table: string): Row[] => {
    const known = tables.get(table)
    if (known !== undefined) return known
    const rows: Row[] = []
    tables.set(table, rows)
    return rows
  }
  const append = (table: string, rows: readonly Row[]) => {
    const held = rowsOf(table)
    for (const row of rows) held.push(row)
    world.trace(`clickhouse has ${rows.length} rows more in ${table}`)
  }
  const take = (table: string, rows: readonly Row[]) => {
    if (table === 'events' && rows.some(isRefused)) throw clickHouseError('27')
    if (world.faultsOn() && world.random.chance(world.faults.failureLanded)) {
      const count = world.random.integer(0, Math.ceil(rows.length / BLOCK_ROWS)) * BLOCK_ROWS
      append(table, rows.slice(0, count))
      world.injected(
        'clickhouse partial insert',
        `${Math.min(count, rows.length)} of ${rows.length} rows of ${table}`,
      )
      throw clickHouseError(world.random.pick(TROUBLES))
    }
    append(table, rows)
  }
  return {
    rows: (table) => tables.get(table) ?? [],
    insertFor: (process) => (table, rows) =>
      abandonAfter(world, INSERT_TIMEOUT_MS, () =>
        // What is sent is bytes: nobody changes a row afterwards.
        callService(world, process, service, `clickhouse.insert ${rows.length} rows of ${table}`, () =>
          take(table, rows),
        ),
      ),
    statementsFor: (process) => ({
      run: () => callService(world, process, service, 'clickhouse.run', () => undefined),
      read: <R>() => callService(world, process, service, 'clickhouse.read', (): R[] => []),
    }),
  }
}

/** As `AbortSignal.timeout` ends a fetch: the server may go on. */
function abandonAfter<T>({ clock }: World, ms: number, act: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(
      () => reject(new DOMException('The operation timed out', 'TimeoutError')),
      ms,
    )
    const end = (settle: () => void) => {
      clock.clearTimeout(timer)
      settle()
    }
    act().then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(error)),
    )
  })
}

function isRefused(row: Row): boolean {
  return String(row['event']).startsWith(REFUSED_EVENT)
}

/** An error as the client of ClickHouse gives it; `network` is one of the line. */
export function clickHouseError(code: string): Error {
  if (code === 'network') return new TypeError('fetch failed')
  return Object.assign(new Error(`Code: ${code}. DB::Exception: simulated`), { code, type: 'SIMULATED' })
}
