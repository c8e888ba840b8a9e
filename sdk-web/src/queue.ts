/** Holds recorded events in memory, in the order of the calls, until they are formed into batches. */

import type { WireEvent } from '@millrace/schemas/wire'
import type { Stamp } from './stamp.ts'

/** The fields of an event on the wire; one that is undefined does not travel. */
export type EventFields = { [Name in keyof WireEvent]: WireEvent[Name] | undefined }

/** An event as it was recorded: everything about the moment of the call, nothing computed from it yet. */
export interface QueuedEvent extends Stamp {
  /** The event without what its {@link Stamp} says: `timestamp`, `context`. */
  fields: EventFields
  /** About how much JSON it makes, in UTF-16 units. */
  units: number
}

/** Events that wait, first in first out. They have no sequence number yet, so leaving one out makes no gap. */
export interface Queue {
  /** Number of events that wait. */
  count(): number
  /**
   * Adds an event at the end. False when the queue is full: the newest is refused rather than the oldest pushed out,
   * because a visit's beginning (where from, who) gives the rest its meaning.
   */
  push(event: QueuedEvent): boolean
  /** The event that waited longest, left where it is. */
  peek(): QueuedEvent | undefined
  /** Takes the event away that `peek` returned. */
  shift(): void
}

/** Creates an empty queue that takes at most `maxEvents` events of together at most `maxUnits` UTF-16 units. */
export function createQueue(maxEvents: number, maxUnits: number): Queue {
  const events: QueuedEvent[] = []
  let heldUnits = 0
  return {
    count: () => events.length,
    push(event) {
      const hasRoom = events.length < maxEvents && heldUnits + event.units <= maxUnits
      if (hasRoom) {
        heldUnits += event.units
        events.push(event)
      }
      return hasRoom
    },
    peek: () => events[0],
    shift() {
      heldUnits -= events.shift()?.units ?? 0
    },
  }
}
