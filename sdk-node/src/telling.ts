/** What a client tells its owner: to listeners, or on the console when nobody listens. */

import { createConsoleReporter } from './console-reporter.ts'
import { messageOf } from './describe.ts'
import type { UntoldDrops } from './drops.ts'
import { callGuarded, createEmitter, type Emitter } from './emitter.ts'
import { MillraceError, type MillraceErrorDetails } from './errors.ts'
import type { ClientEvents, DropReason, EventReceipt } from './news.ts'

export interface Telling extends Emitter<ClientEvents> {
  /** Events were dropped; the next event tells the collector. */
  drop(reason: DropReason, count: number): void
  /** Something went wrong. */
  error(error: MillraceError): void
  /** Whether a refusal is being told right now: what a listener does about it must not go round in circles. */
  isTelling(): boolean
  report(message: string, details: MillraceErrorDetails): void
  /** The collector said something about an event. */
  receipt(receipt: EventReceipt): void
  /** A function of the caller's threw; `what` names it at the beginning of a sentence. */
  thrown(cause: unknown, what: string): void
  /** Calls a function of the caller's; what it throws is told. */
  callBack(what: string, call: () => unknown): void
}

/** Tells nobody yet; without a listener, the first error of each code is one line on the console. */
export function createTelling(untold: UntoldDrops): Telling {
  const onConsole = createConsoleReporter()
  const emitter = createEmitter<ClientEvents>(['drop', 'error', 'receipt', 'retry'], (name, cause) => {
    // What a listener for errors throws can be told to nobody.
    if (name !== 'error') thrown(cause, `a listener for ${name}`)
  })

  let depth = 0

  function error(what: MillraceError): void {
    depth += 1
    const isHeard = emitter.emit('error', what)
    depth -= 1
    if (isHeard) return
    // A console that throws is one that was replaced; the counts in stats() are right all the same.
    callGuarded(
      () => onConsole.error(what),
      () => {},
    )
  }

  function report(message: string, details: MillraceErrorDetails): void {
    error(new MillraceError(message, details))
  }

  function thrown(cause: unknown, what: string): void {
    report(`${what} threw: ${messageOf(cause)}`, { code: 'callback_failed', dropped: 0, cause })
  }

  return {
    ...emitter,
    drop(reason, count) {
      untold.add(reason, count)
      depth += 1
      emitter.emit('drop', { reason, count })
      depth -= 1
    },
    isTelling: () => depth > 0,
    error,
    receipt(what) {
      if (emitter.emit('receipt', what)) return
      callGuarded(
        () => onConsole.receipt(what),
        () => {},
      )
    },
    report,
    thrown,
    callBack(what, call) {
      // As callGuarded, without a function of its own for each event.
      try {
        const result = call()
        if (result instanceof Promise) result.catch((cause) => thrown(cause, what))
      } catch (cause) {
        thrown(cause, what)
      }
    },
  }
}

/** `1 event`, `2 events`. */
export function countOf(events: number): string {
  return `${events} ${events === 1 ? 'event' : 'events'}`
}
