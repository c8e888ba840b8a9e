/** What the SDK clients have in common: the ledger that they hand in, and clocks that are wrong. */

import type { Random } from '../world/random.ts'
import type { ClientLedger, World } from '../world/world.ts'
import type { ClientBooks } from './books.ts'

/** The books as the world asks for them. */
export function ledgerOf(
  books: ClientBooks,
  acknowledged: readonly string[],
  badMarks: readonly string[],
): ClientLedger {
  const numbered = books.events.filter(({ seq }) => seq !== undefined)
  const idOf = ({ stream, seq }: { stream?: string; seq?: number }) => `${stream}-${seq}`
  const bad = new Set(badMarks)
  return {
    acknowledged,
    bad: numbered.filter(({ mark, fate }) => fate === 'acknowledged' && bad.has(mark)).map(idOf),
    made: books.events.length,
    dropped: numbered.filter(({ fate }) => fate === 'dropped').map(idOf),
    streams: [...books.tips()].map(([stream, highest]) => ({
      stream,
      highest,
      lost: numbered.flatMap((event) =>
        event.stream === stream && event.fate !== 'acknowledged' ? [event.seq ?? 0] : [],
      ),
    })),
  }
}

/** Most clocks are right to some seconds; some are minutes off, and some jump while faults are on. */
export function createSkew({ clock, faultsOn }: World, random: Random): () => number {
  let skewMs = random.chance(0.8) ? random.integer(-3_000, 3_000) : random.integer(-300_000, 300_000)
  const jump = () => {
    if (!faultsOn()) return
    skewMs += random.integer(-60_000, 60_000)
    clock.setTimeout(jump, random.integer(60_000, 1_200_000))
  }
  if (random.chance(0.15)) clock.setTimeout(jump, random.integer(1_000, 600_000))
  return () => skewMs
}
