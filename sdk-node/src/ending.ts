/** The end of the process, as the client sees it: a last try, and what is left is saved or told as lost. */

import { MillraceError } from './errors.ts'
import type { Ledger } from './ledger.ts'
import type { Outbox } from './outbox.ts'
import type { Pace } from './pace.ts'
import { countOf, type Telling } from './telling.ts'

export interface EndingOptions {
  outbox: Outbox
  ledger: Ledger
  pace: Pace
  telling: Telling
  /** Whether the outbox outlives the process. */
  keeps: boolean
  exitTimeoutMs: number
  now: () => number
  flush: (options: { timeoutMs: number }) => Promise<unknown>
  close: (options: { timeoutMs: number }) => Promise<unknown>
  /** Everything has been sent: nothing is to be watched any more. */
  onDone: () => void
  /** Calls back in the next turn of the event loop. */
  defer: (callback: () => void) => void
  /** Everything pending is lost, by this. */
  onLost: (error: MillraceError) => void
}

export interface Ending {
  /** The process would end: sends what is left, for `exitTimeoutMs` at most. Never rejects. */
  drain(): Promise<void>
  /** The process ends now. */
  saveAtExit(): void
  /** Whether the process is in its very last moment, in which nothing but the call itself is done. */
  isOver(): boolean
  /** The process was asked to end; a promise when there is something to wait for. */
  saveAtSignal(isOurs: boolean): Promise<void> | undefined
  /** Nothing can be sent any more: whatever is pending is left on disk, or lost. */
  leave(): void
  /** A lane rests, or a request has ended: when nothing begins for longer than the end is held, it need not be held. */
  noteRest(): void
  /** An event was accepted: the process goes on. */
  noteAccepted(): void
}

const UNWRITABLE = 'the process ended, and the spool could not be written'
const UNSENT = 'the process ended before they were sent; await close() before, or use a spool'

/** The end of the process for one client. */
export function createEnding(options: EndingOptions): Ending {
  const { outbox, ledger, pace, telling, keeps, exitTimeoutMs, now, flush, close, onDone, defer, onLost } =
    options
  let isOver = false
  /** Until when the end is held, in milliseconds since the epoch, from when the process had run dry for the first time. */
  let heldUntilMs: number | undefined
  let endHold: (() => void) | undefined

  async function drain(): Promise<void> {
    try {
      if (heldUntilMs === undefined) {
        heldUntilMs = now() + exitTimeoutMs
        pace.hurry()
      }
      const leftMs = heldUntilMs - now()
      if (leftMs > 0) await flushUntilHopeless(leftMs)
      // Node emits beforeExit again whenever it has run dry, so what is left must be given up for the process to end.
      if (ledger.pendingCount() > 0 || (leftMs <= 0 && outbox.hasOld())) await close({ timeoutMs: 0 })
      else onDone()
    } catch (cause) {
      telling.thrown(cause, 'an option')
    }
  }

  async function flushUntilHopeless(timeoutMs: number): Promise<void> {
    const hopeless = new Promise<void>((resolve) => {
      endHold = resolve
    })
    noteRest()
    try {
      await Promise.race([flush({ timeoutMs }), hopeless])
    } finally {
      endHold = undefined
    }
  }

  /** Looks in a moment: a lane that has settled a batch, or was woken, begins the next request first. */
  function noteRest(): void {
    if (endHold !== undefined) defer(endIfHopeless)
  }

  function endIfHopeless(): void {
    if (now() + pace.idleMs() >= (heldUntilMs ?? Number.POSITIVE_INFINITY)) endHold?.()
  }

  function loseRest(why: string): void {
    const dropped = ledger.abandon()
    if (dropped === 0) return
    const error = new MillraceError(`gave up on ${countOf(dropped)}: ${why}`, {
      code: 'undelivered',
      dropped,
    })
    onLost(error)
    telling.drop('undelivered', dropped)
    telling.error(error)
  }

  /** Whether nothing would be lost now. */
  const isSafe = () => outbox.save() || ledger.pendingCount() === 0

  return {
    drain,
    isOver: () => isOver,
    saveAtExit() {
      isOver = true
      if (!isSafe()) loseRest(keeps ? UNWRITABLE : UNSENT)
    },
    saveAtSignal(isOurs) {
      if (isSafe()) return undefined
      if (isOurs) return drain()
      // The application decides how long it takes; what can be sent until then is.
      flush({ timeoutMs: exitTimeoutMs }).catch((cause) => telling.thrown(cause, 'an option'))
      return undefined
    },
    leave() {
      if (outbox.save()) ledger.leave()
      else loseRest(UNWRITABLE)
    },
    noteRest,
    noteAccepted() {
      heldUntilMs = undefined
    },
  }
}
