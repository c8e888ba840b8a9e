/** Batches that were given out, and those that were put back. Remembers where their events lie, not the events. */

import type { Batch } from '../outbox.ts'
import type { AdoptedStream } from './adopted-stream.ts'
import type { OwnStream, TakenFrom } from './own-stream.ts'
import type { ReadPause } from './read-pause.ts'
import type { OpenBatch, Segment } from './segment.ts'
import type { SeqRange } from './seq-ranges.ts'
import { describeCount, type TroubleTeller } from './trouble.ts'

export interface HeldBatches {
  /** The batch as the client gets it, remembered until it is settled or put back. `from` is absent for the own stream. */
  hold(taken: TakenFrom, from: AdoptedStream | undefined): Batch
  putBack(batchId: string): void
  settle(batchId: string): void
  /** The batch that was put back first, as it was. */
  takeReturned(): Batch | undefined
  hasReturned(): boolean
  /** Forgets those put back whose folder is another's now; the own ones of them. */
  forgetLost(): SeqRange[]
}

interface Held {
  segment: Segment
  open: OpenBatch
  from: AdoptedStream | undefined
}

export interface HeldBatchesOptions {
  /** The client's stream. */
  stream: string
  own: OwnStream
  trouble: TroubleTeller
  pause: ReadPause
  /** Own batches that were under way when another process took over their folder. */
  onTakenOver: (ranges: SeqRange[]) => void
}

export function createHeldBatches(options: HeldBatchesOptions): HeldBatches {
  const { stream, own, trouble, pause, onTakenOver } = options
  const held = new Map<string, Held>()
  let returned: Held[] = []

  function release(batchId: string): Held | undefined {
    const found = held.get(batchId)
    held.delete(batchId)
    return found
  }

  function hold({ segment, batch: open, events }: TakenFrom, from: AdoptedStream | undefined): Batch {
    const { batchId, firstSeq } = open
    held.set(batchId, { segment, open, from })
    return { batchId, stream: from?.stream ?? stream, firstSeq, events, isRecovered: from !== undefined }
  }

  function takeReturned(): Batch | undefined {
    while (!pause.isOn()) {
      const next = returned[0]
      if (next === undefined) return undefined
      const events = readAgain(next)
      if (pause.isOn()) return undefined
      returned.shift()
      if (events === 'unreadable') {
        leave(next)
        continue
      }
      if (events !== undefined) return hold({ segment: next.segment, batch: next.open, events }, next.from)
      giveUp(next)
    }
    return undefined
  }

  function readAgain({ segment, open, from }: Held): string[] | 'unreadable' | undefined {
    if (segment.isForgotten()) return undefined
    try {
      return segment.takeAgain(open)
    } catch (cause) {
      pause.beginFor(cause, from === undefined)
      return 'unreadable'
    }
  }

  /** The disk does not give the events back now. They stay as they are: perhaps it does to the next process. */
  function leave({ segment, open, from }: Held): void {
    const message = `${describeCount(open.count)} of a batch that was put back cannot be read, and stay in ${segment.events.path()}`
    const gone = from === undefined ? [rangeOf(open)] : []
    trouble.tell({ code: 'spool_failed', message, dropped: 0, gone })
  }

  /** The events are gone from the disk, although they were there before. */
  function giveUp({ segment, open, from }: Held): void {
    const { firstSeq, count } = open
    const message = `${describeCount(count)} of a batch that was put back could not be read again`
    const gone = from === undefined ? [{ firstSeq, count }] : []
    trouble.tell({ code: 'spool_damaged', message, dropped: count, gone })
    settle({ segment, open, from })
  }

  function settle({ segment, open, from }: Held): void {
    if (from === undefined) own.settle(segment, open)
    else from.settle(segment, open)
  }

  return {
    hold,
    putBack(batchId) {
      const found = release(batchId)
      if (found === undefined) return
      if (!found.segment.isLost()) returned.push(found)
      else if (found.from === undefined) onTakenOver([rangeOf(found.open)])
    },
    settle(batchId) {
      const found = release(batchId)
      if (found !== undefined) settle(found)
    },
    takeReturned,
    hasReturned: () => returned.length > 0 && !pause.isOn(),
    forgetLost() {
      const lost = returned.filter(({ segment }) => segment.isLost())
      returned = returned.filter(({ segment }) => !segment.isLost())
      return lost.filter(({ from }) => from === undefined).map(({ open }) => rangeOf(open))
    },
  }
}

function rangeOf({ firstSeq, count }: OpenBatch): SeqRange {
  return { firstSeq, count }
}
