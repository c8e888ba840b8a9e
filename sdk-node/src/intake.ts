/** From a call to the outbox: what is accepted, and what is refused and told. Never throws. */

import type { EventType } from '@millrace/schemas/wire'
import { messageOf } from './describe.ts'
import type { UntoldDrops } from './drops.ts'
import { MillraceError } from './errors.ts'
import { type BuiltEvent, buildEvent } from './event.ts'
import type { Defaults } from './event-arguments.ts'
import type { Ledger } from './ledger.ts'
import type { Done } from './news.ts'
import type { Outbox } from './outbox.ts'
import type { Settling } from './settling.ts'
import type { Telling } from './telling.ts'

/** Why an event is refused at the call. */
export type Refusal = 'invalid_event' | 'event_too_large' | 'queue_full' | 'closed'

/** One call of `track` and its like. */
export interface EventCall {
  type: EventType
  argument: unknown
  done: Done | undefined
  /** What is known without being said, the nearest first. */
  known: readonly Defaults[]
}

export interface Intake {
  /** Numbers the event and puts it into the outbox; `false` when it was refused. */
  accept(call: EventCall): boolean
  /** Counts and tells a refusal. */
  refuse(call: EventCall, code: Refusal, message: string): false
  /** At least half of the outbox is free: the next time that it is full is told again. */
  noteHalfFree(): void
}

export interface IntakeOptions {
  outbox: Outbox
  ledger: Ledger
  telling: Telling
  untold: UntoldDrops
  settling: Settling
  /** The time as ISO 8601. */
  nowIso: () => string
  defaults: (() => Defaults | undefined) | undefined
  /** What is said when there is no room. */
  fullMessage: string
}

/** The intake of one client. */
export function createIntake(options: IntakeOptions): Intake {
  const { outbox, ledger, telling, untold, settling, fullMessage } = options
  let isFullReported = false

  function refuse({ done }: EventCall, code: Refusal, message: string): false {
    ledger.drop(code)
    // Refused in answer to a refusal: counted and not told, or it would never end.
    const isNested = telling.isTelling()
    if (isNested) untold.add(code, 1)
    else telling.drop(code, 1)
    // A full queue refuses thousands of events a second: say it once, until half of it is free again.
    const isTold = !isNested && (code !== 'queue_full' || !isFullReported)
    if (code === 'queue_full') isFullReported = true
    if (!isTold && done === undefined) return false
    const error = new MillraceError(message, { code, dropped: 1 })
    if (isTold) telling.error(error)
    if (typeof done === 'function') {
      const tell = () => done(error, { status: 'not_accepted' })
      telling.callBack('the function that was passed with an event', tell)
    }
    return false
  }

  return {
    accept(call) {
      const built = build(call, options)
      if (!built.ok) return refuse(call, built.reason, built.message)
      const seq = outbox.add(built.event)
      if (seq === undefined) return refuse(call, 'queue_full', fullMessage)
      if (built.tellsDrops === true) untold.take()
      ledger.accept(seq)
      if (typeof call.done === 'function') settling.expect(seq, call.done)
      return true
    },
    refuse,
    noteHalfFree() {
      isFullReported = false
    },
  }
}

function build(
  { type, argument, known }: EventCall,
  { defaults, nowIso, untold }: IntakeOptions,
): BuiltEvent {
  try {
    const ambient = readAmbient(defaults)
    const surroundings = { now: nowIso(), defaults: ambient === undefined ? known : [...known, ambient] }
    const dropped = untold.peek()
    if (dropped === undefined) return buildEvent(type, argument, surroundings)
    const built = buildEvent(type, argument, { ...surroundings, dropped })
    if (built.ok) return { ...built, tellsDrops: true }
    // One that is too large with the numbers may not be without them; the next one can tell.
    return buildEvent(type, argument, surroundings)
  } catch (cause) {
    return { ok: false, reason: 'invalid_event', message: `${type}: an option threw: ${messageOf(cause)}` }
  }
}

function readAmbient(defaults: IntakeOptions['defaults']): Defaults | undefined {
  const ambient = defaults?.() ?? undefined
  if (!(ambient instanceof Promise)) return ambient
  ambient.catch(() => {})
  throw new TypeError('defaults must not be async')
}
