/** The end of the process, as the client sees it: a last try, and what is left is saved or told as lost. */

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
  /** A request will not be made for so long: when nothing else is under way, the end need not be held for it. */
  noteWait(delayMs: number): void
}

const UNWRITABLE = 'the process ended, and the spool could not be written'
const UNSENT = 'the process ended before they were sent; await close() before, or use a spool'

/** The end of the process for one client. */
export function createEnding(options: EndingOptions): Ending {
  const { outbox, ledger, pace, telling, keeps, exitTimeoutMs, now, flush, close, onDone } = options
  let isOver = false
  /** When the end is held no longer, in milliseconds since the epoch, and what ends the wait before. */
  let hold: { deadlineMs: number; end: () => void } | undefined

  async function drain(): Promise<void> {
    try {
      pace.hurry()
      const hopeless = new Promise<void>((resolve) => {
        hold = { deadlineMs: now() + exitTimeoutMs, end: resolve }
      })
      await Promise.race([flush({ timeoutMs: exitTimeoutMs }), hopeless])
      // Node emits beforeExit again whenever it has run dry, so what is left must be given up for the process to end.
      if (ledger.pendingCount() > 0) await close({ timeoutMs: 0 })
      else onDone()
    } catch (cause) {
      telling.thrown(cause)
    } finally {
      hold = undefined
    }
  }

  function loseRest(why: string): void {
    const dropped = ledger.abandon()
    if (dropped === 0) return
    telling.drop('undelivered', dropped)
    telling.report(`gave up on ${countOf(dropped)}: ${why}`, { code: 'undelivered', dropped })
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
      flush({ timeoutMs: exitTimeoutMs }).catch(telling.thrown)
      return undefined
    },
    leave() {
      if (outbox.save()) ledger.leave()
      else loseRest(UNWRITABLE)
    },
    noteWait(delayMs) {
      if (hold !== undefined && now() + delayMs >= hold.deadlineMs) hold.end()
    },
  }
}
