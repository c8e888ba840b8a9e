/** Ledger and gaps of a source, held to what its rows say without them. */

import type { Row } from '@millrace/schemas/native'
import { findRemainders, LEDGER_COUNTS, type LedgerRow } from '../../support/ledger-row.ts'
import { firstCopies } from './oracle-events.ts'
import type { Query } from './read-all.ts'
import type { SeedSource } from './seed-rows.ts'

/** The ledger of a source, summed over its hours. */
interface SourceLedger extends LedgerRow {
  source: string
}

interface GapRow {
  source: string
  stream: string
  missing: number
  ranges: [from: number, to: number][]
  highest: number
  tail: string
}

/** One line for each thing that is wrong in the books. */
export async function checkBooks(query: Query, sources: readonly SeedSource[]): Promise<string[]> {
  const names = sources.map(({ name }) => name)
  const ledger = await query<SourceLedger>(
    `SELECT source, ${LEDGER_COUNTS.map((name) => `toUInt32(sum(${name})) AS ${name}`).join(', ')}
     FROM ledger WHERE source IN {names:Array(String)} GROUP BY source`,
    { names },
  )
  const gaps = await query<GapRow>(
    `SELECT source, stream, toUInt32(missing) AS missing, arrayMap(r -> [r.1, r.2], missing_ranges) AS ranges, highest, tail
     FROM delivery_gaps WHERE source IN {names:Array(String)}`,
    { names },
  )
  return sources.flatMap((source) => [
    ...checkLedger(
      source,
      ledger.find((row) => row.source === source.name),
    ),
    ...checkGaps(
      source,
      gaps.filter((row) => row.source === source.name),
    ),
  ])
}

/** Everything received is explained, and by as much as is really there. @param row absent where the ledger has none */
export function checkLedger(
  { name, tables, hasDeadLetters }: SeedSource,
  row: LedgerRow | undefined,
): string[] {
  const problems: string[] = []
  const expect = (what: string, found: number, wanted: number) => {
    if (found !== wanted) problems.push(`ledger of ${name}: ${what} is ${found}, and should be ${wanted}`)
  }
  // What a collector of the version before took is in no book, and may be all that there is.
  const hasBooks = tables.receipts.some((receipt) => Number(receipt['number']) > 0)
  if (row === undefined) return hasBooks ? [`ledger of ${name} is empty`] : []
  expect('missing', row.missing, 0)
  for (const { what, found, wanted } of findRemainders(row)) expect(what, found, wanted)
  const { stored, in_flight } = row
  const booked = bookedCopies(tables)
  // An event is stored by the copy that its row is of: the one that was received first.
  const first = firstCopies(tables.events).map((row) => copyOf(idOf(row), row))
  expect('stored', stored, first.filter((copy) => booked.has(copy)).length)
  const kept = new Set(tables.events.map(idOf))
  const lost = tables.receipts.flatMap((receipt) => idsOf(receipt).filter((id) => !kept.has(id)))
  const refused = new Set(tables.quarantine.filter((one) => one['reason'] === 'not_storable').map(idOf))
  const unexplained = lost.filter((id) => !refused.has(id))
  if (unexplained.length > 0)
    problems.push(`receipts of ${name} name events that are not here: ${unexplained.slice(0, 3)}`)
  if (!hasDeadLetters) expect('in flight', in_flight, 0)
  return problems
}

/** Missing numbers are those that are nowhere, and no others. */
function checkGaps({ name, tables, acknowledged, dead }: SeedSource, rows: readonly GapRow[]): string[] {
  // What a collector of the version before took is in no receipt, so that its numbers are nowhere to be seen.
  const booked = bookedCopies(tables)
  if (tables.events.some((row) => !booked.has(copyOf(idOf(row), row)))) return []
  const expected = findGaps(tables)
  const problems: string[] = []
  const good = new Set(acknowledged)
  for (const stream of new Set([...expected.keys(), ...rows.map((row) => row.stream)])) {
    const row = rows.find((one) => one.stream === stream)
    const found = (row?.ranges ?? []).flatMap(([from, to]) => rangeOf(from, to))
    const wanted = expected.get(stream) ?? []
    if (found.join() !== wanted.join())
      problems.push(
        `gaps of ${name} ${stream}: ${found.join() || 'none'} where ${wanted.join() || 'none'} should be`,
      )
    if ((row?.missing ?? 0) !== wanted.length)
      problems.push(`gaps of ${name} ${stream}: ${row?.missing ?? 0} missing`)
    for (const seq of found) {
      const id = `${stream}-${seq}`
      if (good.has(id) && !dead.has(id))
        problems.push(`gaps of ${name}: ${id} was acknowledged, and is called missing`)
    }
  }
  return problems
}

/** By stream, numbers that are in no table below the highest that is there or that a later page told. */
export function findGaps({
  events,
  quarantine,
  omitted,
}: Pick<SeedSource['tables'], 'events' | 'quarantine' | 'omitted'>): Map<string, number[]> {
  const numbers = new Map<string, Set<number>>()
  const highest = new Map<string, number>()
  const reach = (stream: string, seq: number) => highest.set(stream, Math.max(seq, highest.get(stream) ?? 0))
  for (const row of [...events, ...quarantine, ...omitted]) {
    if (row['route'] !== 'batch') continue
    const [stream, seq] = [String(row['stream']), Number(row['seq'])]
    if (stream !== '' && seq > 0) {
      reach(stream, seq)
      numbers.set(stream, (numbers.get(stream) ?? new Set()).add(seq))
    }
    if (row['previous_stream'] !== '' && Number(row['previous_seq']) > 0)
      reach(String(row['previous_stream']), Number(row['previous_seq']))
  }
  const gaps = new Map<string, number[]>()
  for (const [stream, last] of highest) {
    const missing = rangeOf(1, last).filter((seq) => !numbers.get(stream)?.has(seq))
    if (missing.length > 0) gaps.set(stream, missing)
  }
  return gaps
}

function rangeOf(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

/** Copies of events that a receipt names. */
function bookedCopies({ receipts }: SeedSource['tables']): Set<string> {
  return new Set(receipts.flatMap((receipt) => idsOf(receipt).map((id) => copyOf(id, receipt))))
}

const idsOf = (receipt: Row) => receipt['ids'] as unknown as string[]
const copyOf = (id: string, row: Row) => `${id} ${row['received_at']}`

function idOf(row: Row): string {
  return String(row['message_id'])
}
