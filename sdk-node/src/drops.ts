/** Drops that no event has told the collector about yet. */

import type { DropCounts, DropReason } from './news.ts'

export interface UntoldDrops {
  add(reason: DropReason, count: number): void
  /** Adds what events were to tell that were dropped themselves. */
  addTold(texts: readonly string[]): void
  /** What the next event is to tell; `undefined` when there is nothing. */
  peek(): DropCounts | undefined
  /** Forgets what the last `peek` gave: an event carries it. */
  take(): void
}

/** No drops. They travel as `context.dropped` of one event, which outlives the process as that event does. */
export function createUntoldDrops(): UntoldDrops {
  let counts: DropCounts = {}
  let isEmpty = true

  function add(reason: DropReason, count: number): void {
    if (count <= 0) return
    counts[reason] = (counts[reason] ?? 0) + count
    isEmpty = false
  }

  return {
    add,
    addTold(texts) {
      for (const text of texts) {
        if (!text.includes('"dropped":{')) continue
        for (const [reason, count] of Object.entries(toldBy(text))) {
          if (typeof count === 'number') add(reason as DropReason, count)
        }
      }
    },
    peek: () => (isEmpty ? undefined : counts),
    take() {
      counts = {}
      isEmpty = true
    },
  }
}

function toldBy(text: string): object {
  const event = JSON.parse(text) as { context?: { dropped?: unknown } }
  const dropped = event.context?.dropped
  return typeof dropped === 'object' && dropped !== null ? dropped : {}
}
