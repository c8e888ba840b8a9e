/** Up to where in a file everything is settled, whatever the order in which answers come. Pure. */

import { type Books, type Entry, isSettledForGood, type Outcome } from './books.ts'
import type { Position } from './open-lines.ts'

/** A record that is being settled. */
interface Pending {
  entry: Entry
  position: Position
  rejectsBytes: number
  outcome: Outcome | undefined
}

/** Where the mark is. */
export interface Mark {
  position: Position
  /** Length of the rejects file up to this record. */
  rejectsBytes: number
}

/** The mark and the records above it. */
export interface WaterMark {
  /**
   * Adds the next record of the file. What is no event is settled at once; of an event the function it returns is called
   * with what became of it.
   */
  add(entry: Entry, position: Position, rejectsBytes: number): (outcome: Outcome) => void
  /** From now on nothing is settled any more: what follows may not be whole. */
  freeze(): void
  /** Absent until the first record is settled. */
  mark(): Mark | undefined
  /** Records above it. */
  pendingCount(): number
}

/** Records that are passed are let go in stretches, because taking them off one by one would move the rest each time. */
const STRETCH = 1_024

/** A mark that enters into `books` what it passes. */
export function createWaterMark(books: Pick<Books, 'add' | 'settle'>): WaterMark {
  let pending: (Pending | undefined)[] = []
  let head = 0
  let mark: Mark | undefined
  let isFrozen = false

  function advance(): void {
    for (let next = pending[head]; next !== undefined && isPast(next); next = pending[head]) {
      books.add(next.entry)
      if (next.outcome !== undefined) books.settle(next.outcome)
      mark = { position: next.position, rejectsBytes: next.rejectsBytes }
      pending[head] = undefined
      head += 1
    }
    if (head < STRETCH) return
    pending = pending.slice(head)
    head = 0
  }

  return {
    add(entry, position, rejectsBytes) {
      if (isFrozen) return () => {}
      const record: Pending = { entry, position, rejectsBytes, outcome: undefined }
      pending.push(record)
      advance()
      return (outcome) => {
        record.outcome = outcome
        advance()
      }
    },
    freeze() {
      isFrozen = true
    },
    mark: () => mark,
    pendingCount: () => pending.length - head,
  }
}

function isPast({ entry, outcome }: Pending): boolean {
  return entry.kind !== 'event' || (outcome !== undefined && isSettledForGood(outcome))
}
