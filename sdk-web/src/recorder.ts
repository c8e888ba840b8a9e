/** Turns calls into numbered events: copies them on the call, and a moment later numbers, shares and stores them. */

import type { JsonObject, WireEvent } from '@millrace/schemas/wire'
import { MAX_EVENT_BYTES } from '@millrace/schemas/wire'
import type { DropReason, EventOptions, Middleware, MutableEvent } from './api.ts'
import { attempt } from './attempt.ts'
import type { Batch, BatchFormer } from './batch.ts'
import { encodeCall, isObject } from './call-text.ts'
import type { Identity, Person } from './identity.ts'
import type { Sessions } from './session.ts'
import type { Stamp } from './stamp.ts'
import { createPageReader } from './stamp.ts'

/** About what an event's ids, time and names add to its properties, in UTF-16 units. */
const EVENT_OVERHEAD_UNITS = 200

/** What a call said. Fields that are undefined do not travel. */
export type Call = { [Name in keyof WireEvent]: WireEvent[Name] | undefined } & {
  options?: EventOptions | undefined
}

/** An event as it was recorded: everything about the moment of the call, nothing computed from it yet. */
interface RecordedEvent {
  /** JSON text of the call. */
  text: string
  stamp: Stamp
  person: Person
}

/** The way of a call to a batch. */
export interface Recorder {
  /**
   * Copies a call into memory, as JSON reads it.
   *
   * @param call undefined to do all but that
   * @param maxUnits about how much JSON may wait there, in UTF-16 units
   * @returns number of events that wait
   */
  record(call: Call | undefined, stamp: Stamp, maxUnits: number): number
  /**
   * Numbers what was recorded. A page that is closed meanwhile may be stopped at any point: what has no number then still
   * waits, and what has is in a batch that was given.
   *
   * @param base context of every event but page and session
   * @param onBatches given the batches, the full ones one by one
   * @param until an event of that moment waits for the next time, and those after it
   */
  numberAll(base: JsonObject, onBatches: (batches: Batch[]) => void, until?: Stamp): void
  /** Forgets what was recorded. Gives the number of events. */
  forget(): number
}

/**
 * Creates a recorder. No function of it throws.
 *
 * @param unreported what was given up and no event has told yet; emptied when one has
 * @param onDropped called for an event that is given up; it takes no number
 * @param onEvent called with each numbered event
 */
export function createRecorder(
  former: BatchFormer,
  identity: Identity,
  sessions: Sessions,
  middlewares: ReadonlySet<Middleware>,
  unreported: JsonObject,
  onDropped: (reason: DropReason) => void,
  onEvent: (event: MutableEvent & { messageId: string }) => void,
): Recorder {
  const readPage = createPageReader()
  const events: RecordedEvent[] = []
  let heldUnits = 0

  /** The event as it travels, and its context in full. */
  function build({ text, stamp, person }: RecordedEvent, base: JsonObject): MutableEvent {
    const { options: own = {}, ...fields }: Call = JSON.parse(text)
    const { context, integrations, timestamp, userId, anonymousId, ...others } = own as Record<
      string,
      unknown
    >
    const who = identity.complete(person)
    const page = readPage(stamp)
    const session = sessions.sessionOf(stamp.time, stamp.href)
    return {
      userId: userId ?? who.userId,
      anonymousId: anonymousId ?? who.anonymousId,
      timestamp: timestamp ?? new Date(stamp.time).toISOString(),
      integrations,
      ...fields,
      properties: fields.type === 'page' ? { ...page, ...fields.properties } : fields.properties,
      // As Segment has it, options that it does not know are context.
      context: {
        ...base,
        page,
        session,
        groupId: who.groupId,
        ...others,
        ...(context as object | undefined),
      },
    } as unknown as MutableEvent
  }

  /** The reason for which an event is given up, if it is. */
  function add(recorded: RecordedEvent, base: JsonObject): DropReason | undefined {
    let event = build(recorded, base)
    if (middlewares.size) {
      // A copy, because events share what their page has in common.
      event = JSON.parse(JSON.stringify(event))
      try {
        for (const middleware of middlewares) {
          const result = middleware(event)
          if (result === null || result === false) return 'left_out'
          if (!isObject(result)) continue
          if ('then' in result) return 'middleware_failed' // a promise comes too late
          event = result
        }
      } catch {
        return 'middleware_failed' // unchanged, it might tell what it must not
      }
    }
    const { context, ...rest } = event
    const dropped = Object.keys(unreported).length ? { dropped: { ...unreported } } : undefined
    const messageId = former.append(rest as never, (context ?? {}) as JsonObject, dropped)
    if (!messageId) return 'event_too_large'
    for (const reason in unreported) delete unreported[reason]
    onEvent({ ...event, messageId })
    return undefined
  }

  return {
    record(call, stamp, maxUnits) {
      try {
        const text = encodeCall(call as Call)
        if (!call) return events.length
        if (text.length > MAX_EVENT_BYTES) onDropped('event_too_large')
        else if (heldUnits + text.length > maxUnits) onDropped('queue_full')
        else {
          heldUnits += text.length + EVENT_OVERHEAD_UNITS
          events.push({ text, stamp, person: identity.person() })
        }
      } catch {
        onDropped('invalid_call') // something of the caller's threw, or a global that the page has patched
      }
      return events.length
    },
    numberAll(base, onBatches, until) {
      const give = (isFullOnly?: boolean) => {
        const batches = former.take(isFullOnly)
        if (batches[0]) onBatches(batches)
      }
      // What is recorded meanwhile, by a function given to `use` or `on`, has its turn the next time.
      for (let left = events.length; left--; ) {
        const recorded = events[0] as RecordedEvent
        if (recorded.stamp === until) break
        // A global that the page has patched may throw.
        const reason = attempt(
          () => add(recorded, base),
          (): DropReason => 'invalid_call',
        )
        if (reason) onDropped(reason)
        give(true)
        events.shift()
        heldUnits -= recorded.text.length + EVENT_OVERHEAD_UNITS
      }
      give()
    },
    forget() {
      const count = events.length
      events.length = heldUnits = 0
      return count
    },
  }
}
