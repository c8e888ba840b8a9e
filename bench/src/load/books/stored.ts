/** What ClickHouse has of every stream, in one answer. */

import type { Query } from '../stack/load-stack.ts'
import type { Found } from './compare.ts'
import { type Ranges, rangesOf } from './ranges.ts'

interface StreamRow {
  stream: string
  first: number
  last: number
  rows: number
  different: number
  /** Only where a number is missing in between. */
  numbers: number[]
}

/** Streams where nothing is missing are two numbers: all others would be megabytes. */
const select = (table: string): string => `
SELECT stream, toUInt32(min(seq)) AS first, toUInt32(max(seq)) AS last, toUInt32(count()) AS rows,
  toUInt32(uniqExact(seq)) AS different,
  if(different = last - first + 1, [], groupUniqArray(toUInt32(seq))) AS numbers
FROM ${table} FINAL WHERE source = 'dev' AND seq > 0 GROUP BY stream`

/** Reads it; takes about a second for a million events. */
export async function readFound(query: Query): Promise<Map<string, Found>> {
  const found = new Map<string, Found>()
  for (const row of await query<StreamRow>(select('events'))) {
    found.set(row.stream, { stored: rangesOfRow(row), quarantined: [], doubled: row.rows - row.different })
  }
  for (const row of await query<StreamRow>(select('quarantine'))) {
    const { stored, doubled } = found.get(row.stream) ?? { stored: [], doubled: 0 }
    found.set(row.stream, { stored, quarantined: rangesOfRow(row), doubled })
  }
  return found
}

function rangesOfRow({ first, last, numbers }: StreamRow): Ranges {
  return numbers.length === 0 ? [[first, last]] : rangesOf(numbers)
}
