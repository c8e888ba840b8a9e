/**
 * Brings what simulated worlds wrote to a real ClickHouse, in the order in which they wrote it and cut into several passes, with
 * the production jobs between them on Workers that crash; then compares every table with plain definitions.
 */

import type { Statements } from '@millrace/schemas/recompute'
import { expectTablesOf, type Tables } from '../../support/oracle/compare.ts'
import type { Random } from '../world/random.ts'
import { checkBooks } from './check-books.ts'
import { drawCrash, keepBooksOnce, type RunRecompute, recomputeOnce, runRecompute } from './jobs.ts'
import { distinctRows } from './oracle-events.ts'
import { readAllTables } from './read-all.ts'
import { prepareSources, type SeedRows, type SeedSource, TABLES } from './seed-rows.ts'

/** A real ClickHouse with the migrations. */
export interface RealWarehouse extends Statements {
  /** As the sink of the Worker inserts. */
  insert: (table: string, rows: readonly object[]) => Promise<void>
}

/** Options of {@link checkInWarehouse}. */
export interface WarehouseCheckOptions {
  warehouse: RealWarehouse
  seeds: readonly SeedRows[]
  random: Random
  /** Into how many parts the rows are cut. Default 4. */
  passes?: number
  /** Mutants replace it. Default: the production job. */
  recompute?: RunRecompute
  /** Whether ledger and gaps are looked at. Default: yes. */
  withBooks?: boolean
}

/** What was found. */
export interface WarehouseVerdict {
  sources: number
  /** Rows that were inserted, and distinct events among them. */
  rows: number
  events: number
  /** Runs of jobs, and how many of them were cut off. */
  runs: number
  crashes: number
  /** One line a fault; empty when all is well. */
  problems: string[]
}

/** Rows of one insert, as the sink's are at most. */
const INSERT_ROWS = 5_000

/** Statements of a run, about: a crash is at one of them. */
const STATEMENTS = 30

/** Differences that are named of one table. */
const NAMED = 3

/** Runs all of it. Sources of other calls on the same warehouse do not disturb it, as long as no seed comes twice. */
export async function checkInWarehouse(options: WarehouseCheckOptions): Promise<WarehouseVerdict> {
  const { warehouse, seeds, random, passes = 4, recompute = runRecompute, withBooks = true } = options
  const sources = prepareSources(seeds, Date.now())
  const verdict: WarehouseVerdict = {
    sources: sources.length,
    rows: 0,
    events: 0,
    runs: 0,
    crashes: 0,
    problems: [],
  }
  const cuts = drawCuts(random, passes)
  for (const [pass, [from, to]] of cuts.entries()) {
    verdict.rows += await insertPart(warehouse, sources, from, to)
    const crash = pass === cuts.length - 1 ? undefined : drawCrash(random, STATEMENTS)
    // Each insert has ended when the run begins, so that nothing needs to be looked at twice; but as it is in production too.
    const overlapSeconds = random.pick([0, 0, 120])
    await recomputeOnce(warehouse, recompute, { crash, overlapSeconds })
    if (withBooks) await keepBooksOnce(warehouse, EMPTY_BUCKET, crash && drawCrash(random, 6))
    verdict.runs += 1
    if (crash !== undefined) verdict.crashes += 1
  }
  await compare(warehouse, sources, verdict)
  if (withBooks) verdict.problems.push(...(await checkBooks(warehouse.read, sources)))
  return verdict
}

/** What lies in the bucket is told by the worlds, not by it. */
const EMPTY_BUCKET = { list: async () => ({ objects: [], truncated: false, delimitedPrefixes: [] }) } as never

/** Parts of everything, as shares from 0 to 1. */
function drawCuts(random: Random, passes: number): [from: number, to: number][] {
  const inner = Array.from({ length: passes - 1 }, () => random.next()).sort((a, b) => a - b)
  return [0, ...inner].map((from, index) => [from, inner[index] ?? 1])
}

/** Inserts a part of each source's rows, those of all sources together. @returns how many */
async function insertPart(
  { insert }: RealWarehouse,
  sources: readonly SeedSource[],
  from: number,
  to: number,
): Promise<number> {
  let count = 0
  for (const table of TABLES) {
    const rows = sources.flatMap(({ tables: { [table]: all } }) =>
      all.slice(Math.round(from * all.length), Math.round(to * all.length)),
    )
    for (let at = 0; at < rows.length; at += INSERT_ROWS)
      await insert(table, rows.slice(at, at + INSERT_ROWS))
    count += rows.length
  }
  return count
}

async function compare(
  { read }: RealWarehouse,
  sources: readonly SeedSource[],
  verdict: WarehouseVerdict,
): Promise<void> {
  const found = await readAllTables(
    read,
    sources.map(({ name }) => name),
  )
  for (const { name, tables, acknowledged, dead } of sources) {
    const events = distinctRows(tables.events)
    verdict.events += events.length
    verdict.problems.push(...differences(name, expectTablesOf(events), found.get(name)))
    const here = new Set(
      TABLES.slice(0, 3).flatMap((table) => tables[table].map((row) => String(row['message_id']))),
    )
    const lost = acknowledged.filter((id) => !here.has(id) && !dead.has(id))
    if (lost.length > 0)
      verdict.problems.push(
        `${name}: ${lost.length} acknowledged events are not here: ${lost.slice(0, NAMED)}`,
      )
  }
}

/** Rows that are too many or too few, by table. */
export function differences(name: string, expected: Tables, found: Tables | undefined): string[] {
  return Object.entries(expected).flatMap(([table, wanted]) => {
    const there = found?.[table as keyof Tables] ?? []
    const missing = without(wanted, there)
    const more = without(there, wanted)
    if (missing.length + more.length === 0) return []
    return [
      `${name}: ${table} has ${more.length} rows too many and ${missing.length} too few: +${more.slice(0, NAMED)} -${missing.slice(0, NAMED)}`,
    ]
  })
}

/** What is in the first more often than in the second. */
function without(rows: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const row of others) counts.set(row, (counts.get(row) ?? 0) + 1)
  return rows.filter((row) => {
    const count = counts.get(row) ?? 0
    counts.set(row, count - 1)
    return count <= 0
  })
}
