/** What a whole simulated world leaves to the real ClickHouse. */

import type { SourceLedger } from '../checks/check-world.ts'
import { readStored } from '../checks/stored.ts'
import type { FullWorld } from '../world/create-world.ts'
import { type SeedRows, TABLES } from './seed-rows.ts'

/**
 * Takes them. To be called when the world is at rest; afterwards it may be thrown away.
 *
 * @param ledgers what each client knows, as for `checkWorld`
 */
export function takeRows(world: FullWorld, ledgers: readonly SourceLedger[]): SeedRows {
  const rows = new Map(TABLES.map((table) => [table as string, [...world.clickHouse.rows(table)]]))
  const acknowledged = new Map<string, readonly string[]>()
  const dead = new Map<string, ReadonlySet<string>>()
  for (const source of world.sources) {
    const stored = readStored(world, source)
    const ids = ledgers.filter((one) => one.source === source).flatMap(({ ledger }) => ledger.acknowledged)
    acknowledged.set(source, ids)
    dead.set(source, new Set(ids.filter((id) => stored.isDead(id, 'warehouse'))))
  }
  const hasDeadLetters = [...world.bucket.objects.keys()].some((key) => key.startsWith('dead/'))
  return {
    seed: world.seed,
    sources: world.sources,
    rows: (table) => rows.get(table) ?? [],
    acknowledged,
    dead,
    hasDeadLetters,
  }
}
