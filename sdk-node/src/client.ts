/**
 * The client: wires queue, delivery, books and shutdown together. What it decides itself is when a batch is due and whom
 * to tell.
 */

import type { EventType, Receipt } from '@millrace/schemas/wire'
import { MAX_EVENTS_BYTES } from './batch.ts'
import { createDelivery, type Settlement } from './delivery.ts'
import { messageOf } from './describe.ts'
import { MillraceError, type MillraceErrorDetails } from './errors.ts'
import { type BuiltEvent, buildEvent } from './event.ts'
import { createLedger, type Outcome } from './ledger.ts'
import { resolveOptions } from './options.ts'
import { createQueue, type TakenEvents } from './queue.ts'
import { createShutdown } from './shutdown.ts'
import { type Cancel, createTimers } from './timers.ts'
import { createTransport } from './transport.ts'
import type { FlushResult, Millrace, MillraceOptions, PlanShape, Unplanned, WaitOptions } from './types.ts'

/**
 * Milliseconds between two requests that nobody waits for. An open request holds the process, a timer does not: without a
 * pause a backlog would hold a finished process until it is sent, whatever exitTimeoutMs says. Node's fetch lets go of its
 * socket one turn of the event loop after the answer, so that a few milliseconds are needed. An event that is tracked
 * meanwhile ends the pause: a server that is busy does not have any.
 */
const PAUSE_MS = 10

/**
 * A client that numbers events, sends them in batches, one request at a time and in order, and retries.
 *
 * The event calls never throw. An event that cannot be sent (wrong shape, too large, queue full, closed) is data going
 * wrong in the middle of a request that a server is answering, and analytics must not fail that request: the call returns
 * `false`, the event is counted in `stats().dropped`, and `onError` gets an error with a `code`. Shapes known when the
 * code is written are the compiler's business. Wrong options are a different matter and throw here.
 *
 * With the type of a tracking plan, `createMillrace<Plan>(...)`, names and fields are checked when your code is compiled,
 * and nothing is checked when it runs.
 *
 * A batch is formed once: its id, events, order and numbers stay the same over all attempts, so that a request that was
 * answered but whose answer was lost does no harm.
 *
 * @example
 * const millrace = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.example.com' })
 * millrace.track({ userId: 'u1', event: 'Order Completed', properties: { total: 42 } })
 * await millrace.close()
 *
 * @throws TypeError or RangeError naming the option, the rule and the value: `flushAt must be an integer >= 1, got 0`.
 */
export function createMillrace<P extends PlanShape = Unplanned>(options: MillraceOptions): Millrace<P> {
  const settings = resolveOptions(options)
  const { flushAt, flushIntervalMs, maxQueueEvents, now, source } = settings
  const stream = settings.randomId()
  const timers = createTimers(settings)
  const queue = createQueue({ maxEvents: maxQueueEvents })
  const ledger = createLedger()
  const stopping = new AbortController()
  const deliver = createDelivery({
    post: createTransport({ ...settings, timers }),
    timers,
    now,
    random: settings.random,
    maxRetries: settings.maxRetries,
    signal: stopping.signal,
    onRequest: ledger.request,
    onRetry(notice) {
      ledger.retry()
      callBack(() => settings.onRetry(notice))
    },
  })
  const shutdown = createShutdown({ process: settings.process, drain: () => void drainAtExit() })
  const roomWaiters = new Set<() => void>()

  /** Events up to this sequence number are sent without waiting for company. */
  let dueThroughSeq = 0
  let cancelTimer: Cancel | undefined
  let isSending = false
  /** How many calls of `flush`, `close` and `ready` are waiting; the process is held for them anyway. */
  let holdCount = 0
  let isFullReported = false
  let closing: Promise<FlushResult> | undefined

  function accept(type: EventType, argument: unknown): boolean {
    if (closing !== undefined) return refuse('closed', `${type} was called after close()`)
    if (!queue.hasRoom())
      return refuse('queue_full', `maxQueueEvents (${maxQueueEvents}) are waiting already`)
    const built = build(type, argument)
    if (!built.ok) return refuse(built.reason, built.message)
    queue.add(built.event)
    ledger.accept(queue.lastSeq())
    callBack(() => {
      shutdown.watch()
      if (isDue()) void send()
      else cancelTimer ??= timers.after(flushIntervalMs, onTimer)
    })
    return true
  }

  function build(type: EventType, argument: unknown): BuiltEvent {
    try {
      return buildEvent(type, argument, now())
    } catch (cause) {
      return { ok: false, reason: 'invalid_event', message: `${type}: now() threw: ${messageOf(cause)}` }
    }
  }

  function refuse(
    code: 'invalid_event' | 'event_too_large' | 'queue_full' | 'closed',
    message: string,
  ): false {
    ledger.drop(code)
    // A full queue refuses thousands of events a second: say it once, until half of it is free again.
    if (code !== 'queue_full' || !isFullReported) report(message, { code, dropped: 1 })
    if (code === 'queue_full') isFullReported = true
    return false
  }

  function onTimer(): void {
    cancelTimer = undefined
    dueThroughSeq = queue.lastSeq()
    void send()
  }

  function isDue(): boolean {
    if (queue.waitingCount() === 0) return false
    const isFull = queue.waitingCount() >= flushAt || queue.waitingBytes() >= MAX_EVENTS_BYTES
    return isFull || queue.firstSeq() <= dueThroughSeq
  }

  /** Sends batch after batch while one is due. Never rejects; one at a time, so events arrive in order. */
  async function send(): Promise<void> {
    if (isSending) return
    isSending = true
    try {
      while (isDue()) {
        const taken = queue.take({ maxEvents: flushAt, maxBytes: MAX_EVENTS_BYTES })
        if (taken === undefined) break
        settle(taken, await deliverOrGiveUp(taken))
        if (holdCount > 0 || !isDue()) continue
        timers.after(PAUSE_MS, () => void send())
        break
      }
    } catch (cause) {
      reportThrown(cause)
    } finally {
      isSending = false
    }
  }

  async function deliverOrGiveUp(taken: TakenEvents): Promise<Settlement> {
    try {
      return await deliver({ batchId: settings.randomId(), stream, source, ...taken })
    } catch (cause) {
      return { ok: false, reason: 'undelivered', message: `an option threw: ${messageOf(cause)}`, cause }
    }
  }

  function settle(taken: TakenEvents, settlement: Settlement): void {
    const { firstSeq, events } = taken
    queue.release(events.length)
    if (settlement.ok) {
      ledger.settle(firstSeq, outcomesOf(taken, settlement.receipts))
      for (const receipt of settlement.receipts) passOn(taken, receipt)
    } else {
      const { reason, message, ...details } = settlement
      ledger.settle(firstSeq, Array<Outcome>(events.length).fill(reason))
      const verdict = reason === 'refused' ? 'the collector refused' : 'gave up on'
      const count = `${events.length} ${events.length === 1 ? 'event' : 'events'}`
      report(`${verdict} ${count}: ${message}`, { ...details, code: reason, dropped: events.length })
    }
    if (queue.totalCount() <= maxQueueEvents / 2) isFullReported = false
    if (queue.hasRoom()) wakeRoomWaiters()
    if (ledger.pendingCount() === 0) callBack(shutdown.unwatch)
  }

  function passOn({ firstSeq, events }: TakenEvents, receipt: Receipt): void {
    const event = events[receipt.index]
    if (event === undefined) return
    const { status, reason, message, path } = receipt
    const messageId = event.messageId ?? `${stream}-${firstSeq + receipt.index}`
    callBack(() =>
      settings.onReceipt({ messageId, status, reason, message, ...(path !== undefined && { path }) }),
    )
  }

  async function flush({ timeoutMs }: WaitOptions = {}): Promise<FlushResult> {
    checkTimeout('flush', timeoutMs)
    const wait = ledger.wait()
    dueThroughSeq = queue.lastSeq()
    void send()
    await settled(wait.done, timeoutMs)
    return wait.result()
  }

  /** Resolves with `done`, or when the time is up; holds the process meanwhile. */
  async function settled(done: Promise<void>, timeoutMs: number | undefined): Promise<void> {
    const release = timers.hold()
    let cancel: Cancel | undefined
    holdCount += 1
    try {
      if (timeoutMs === undefined) return await done
      const timeUp = new Promise<void>((resolve) => {
        cancel = timers.after(timeoutMs, resolve)
      })
      await Promise.race([done, timeUp])
    } finally {
      holdCount -= 1
      cancel?.()
      release()
    }
  }

  async function close({ timeoutMs }: WaitOptions = {}): Promise<FlushResult> {
    checkTimeout('close', timeoutMs)
    if (closing === undefined) {
      closing = finish()
      // Whoever awaits it gets the rejection; the deadline below may fail before anybody does.
      closing.catch(() => {})
    }
    if (timeoutMs === undefined) return await closing
    // At the deadline the request in flight is aborted, and every batch after it is given up without a request. A deadline
    // of now is kept now: a timer of 0 ms would let the next request start.
    if (timeoutMs === 0) stopping.abort()
    const cancel = timers.after(timeoutMs, () => stopping.abort())
    try {
      return await closing
    } finally {
      cancel()
    }
  }

  async function finish(): Promise<FlushResult> {
    wakeRoomWaiters()
    const result = await flush()
    cancelTimer?.()
    shutdown.unwatch()
    return result
  }

  async function drainAtExit(): Promise<void> {
    try {
      const { pending } = await flush({ timeoutMs: settings.exitTimeoutMs })
      // Node emits beforeExit again whenever it has run dry, so what is left must be given up for the process to end.
      if (pending > 0) await close({ timeoutMs: 0 })
    } catch (cause) {
      reportThrown(cause)
    }
  }

  async function ready(): Promise<void> {
    if (closing !== undefined || queue.hasRoom()) return
    const room = new Promise<void>((resolve) => {
      roomWaiters.add(resolve)
    })
    const waited = settled(room, undefined)
    void send()
    await waited
  }

  function wakeRoomWaiters(): void {
    for (const wake of roomWaiters) wake()
    roomWaiters.clear()
  }

  function report(message: string, details: MillraceErrorDetails): void {
    // When the caller's own handler throws there is nobody left to tell; the counts in stats() are right all the same.
    callGuarded(
      () => settings.onError(new MillraceError(message, details)),
      () => {},
    )
  }

  function reportThrown(cause: unknown): void {
    report('a callback threw', { code: 'callback_failed', dropped: 0, cause })
  }

  function callBack(call: () => unknown): void {
    callGuarded(call, reportThrown)
  }

  return {
    track: (event) => accept('track', event),
    page: (view) => accept('page', view),
    screen: (view) => accept('screen', view),
    identify: (user) => accept('identify', user),
    group: (group) => accept('group', group),
    alias: (alias) => accept('alias', alias),
    flush,
    close,
    ready,
    stats: ledger.stats,
  }
}

/** How each event of an acknowledged batch ended: delivered, unless a receipt says otherwise. The last receipt wins. */
function outcomesOf({ events }: TakenEvents, receipts: readonly Receipt[]): Outcome[] {
  const outcomes = Array<Outcome>(events.length).fill('delivered')
  for (const { index, status } of receipts) {
    const isKnown = status === 'quarantined' || status === 'filtered' || status === 'duplicate'
    if (isKnown && index in outcomes) outcomes[index] = status
  }
  return outcomes
}

/** Calls a function of the caller's. An async one fits the type of every callback, so its rejection counts as a throw. */
function callGuarded(call: () => unknown, onThrown: (cause: unknown) => void): void {
  try {
    const result = call()
    if (result instanceof Promise) result.catch(onThrown)
  } catch (cause) {
    onThrown(cause)
  }
}

function checkTimeout(call: string, timeoutMs: number | undefined): void {
  if (timeoutMs === undefined || (typeof timeoutMs === 'number' && timeoutMs >= 0)) return
  throw new RangeError(`${call}: timeoutMs must be a number >= 0, got ${timeoutMs}`)
}
