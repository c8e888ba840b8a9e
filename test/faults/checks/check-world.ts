/** Holds a world at rest to what it promised: nothing acknowledged is lost, nothing is counted twice, everything is explained. */

import type { FullWorld } from '../world/create-world.ts'
import type { ClientLedger } from '../world/world.ts'
import { checkBooks } from './books.ts'
import { checkGaps } from './gaps.ts'
import { readLake } from './lake.ts'
import { checkLive } from './live.ts'
import { readStored } from './stored.ts'

/** What a client of a source knows. */
export interface SourceLedger {
  source: string
  ledger: ClientLedger
}

/** What was found. The numbers are of events. */
export interface Verdict {
  made: number
  acknowledged: number
  /** Distinct events of the warehouse: what was acknowledged and accepted, and what nobody heard the answer of. */
  stored: number
  /** Acknowledged, and missing somewhere. */
  lost: number
  /** Counted twice somewhere. */
  doubled: number
  /** Received by the books of the collectors, and those of them whose rows are there. */
  received: number
  explained: number
  falseGaps: number
  /** One line a fault; empty when all is well. */
  problems: string[]
}

/** Ids that are named in one line. */
const NAMED = 5

/** Runs all checks. */
export async function checkWorld(world: FullWorld, ledgers: readonly SourceLedger[]): Promise<Verdict> {
  const verdict: Verdict = {
    ...{ made: 0, acknowledged: 0, stored: 0, lost: 0, doubled: 0, received: 0, explained: 0, falseGaps: 0 },
    problems: [],
  }
  const lose = (where: string, ids: readonly string[]) => {
    if (ids.length === 0) return
    verdict.lost += ids.length
    verdict.problems.push(`${ids.length} acknowledged events are not in ${where}: ${name(ids)}`)
  }
  const double = (where: string, ids: readonly string[]) => {
    if (ids.length === 0) return
    verdict.doubled += ids.length
    verdict.problems.push(`${ids.length} events are twice in ${where}: ${name(ids)}`)
  }
  for (const source of world.sources) {
    const stored = readStored(world, source)
    verdict.stored += stored.final.length
    const lake = await readLake(world, source)
    const own = ledgers.filter((ledger) => ledger.source === source)
    for (const { ledger } of own) {
      verdict.made += ledger.made
      verdict.acknowledged += ledger.acknowledged.length
      const bad = new Set(ledger.bad)
      const good = ledger.acknowledged.filter((id) => !bad.has(id))
      lose(
        'the warehouse',
        ledger.acknowledged.filter((id) => !stored.explains(id)),
      )
      lose(
        'the quarantine',
        ledger.acknowledged.filter((id) => bad.has(id) && !stored.isQuarantined(id)),
      )
      lose(
        'the lake',
        good.filter((id) => !stored.isDead(id, 'lake') && !lake.counts.has(id)),
      )
      const gaps = checkGaps(stored, ledger)
      verdict.falseGaps += gaps.false
      verdict.problems.push(...gaps.problems)
    }
    double(
      'the lake',
      [...lake.counts].flatMap(([id, count]) => (count > 1 ? [id] : [])),
    )
    verdict.problems.push(...lake.problems)
    double('the warehouse', stored.doubled())
    verdict.problems.push(...stored.rollupProblems())
    const live = await checkLive(world, source, stored)
    verdict.lost += live.lost
    verdict.doubled += live.doubled
    verdict.problems.push(...live.problems)
    const books = checkBooks(world, source, stored)
    verdict.received += books.received
    verdict.explained += books.explained
    verdict.problems.push(...books.problems)
  }
  for (const line of world.log.lines()) if (line.includes('MODEL ')) verdict.problems.push(line)
  return verdict
}

function name(ids: readonly string[]): string {
  return `${ids.slice(0, NAMED).join(' ')}${ids.length > NAMED ? ' …' : ''}`
}
