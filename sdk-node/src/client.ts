/**
 * The client: wires outbox, lanes, books and shutdown together. What it decides itself is what is accepted, and when a
 * batch is due.
 */

import type { EventType } from '@millrace/schemas/wire'
import { MAX_EVENTS_BYTES } from './batch.ts'
import type { MillraceOptions } from './client-options.ts'
import { createDelivery, type Settlement } from './delivery.ts'
import { kindOf, messageOf } from './describe.ts'
import { createUntoldDrops } from './drops.ts'
import { createEnding } from './ending.ts'
import type { Defaults, KnownIdentity, PlanShape, Unplanned } from './event-arguments.ts'
import { createIntake, type EventCall } from './intake.ts'
import { createIsoClock } from './iso-clock.ts'
import { createLanes } from './lanes.ts'
import { createLedger } from './ledger.ts'
import { createMemoryOutbox } from './memory-outbox.ts'
import type { Done, FlushResult } from './news.ts'
import { resolveOptions } from './options.ts'
import { createOutage } from './outage.ts'
import type { Batch } from './outbox.ts'
import { createPace } from './pace.ts'
import type { Platform } from './platform.ts'
import { createSettling } from './settling.ts'
import { createShutdown } from './shutdown.ts'
import { createStop } from './stop.ts'
import { createTelling } from './telling.ts'
import { type Cancel, createTimers } from './timers.ts'
import { createTransport } from './transport.ts'
import type { Millrace, MillraceChild, WaitOptions } from './types.ts'
import { createWaits } from './waits.ts'

/** Milliseconds between the last attempt at a batch and its being put behind the others. */
const RETURN_MS = 5_000

/** Longest that `close` waits by default in milliseconds, where what is left is safe on disk. */
const SPOOLED_CLOSE_MS = 10_000

/**
 * A client on a platform; see `createMillrace` in the entries. Numbers events, sends them in batches and retries.
 *
 * The event calls never throw. An event that cannot be sent (wrong shape, too large, queue full, closed) is data going
 * wrong in the middle of a request that a server is answering, and analytics must not fail that request: the call returns
 * `false`, the event is counted in `stats().dropped`, and listeners are told. Shapes known when the code is written are the
 * compiler's business. Wrong options are a different matter and throw here.
 *
 * A batch is formed once: its id, events, order and numbers stay the same over all attempts, so that a request that was
 * answered but whose answer was lost does no harm.
 *
 * @throws TypeError or RangeError naming the option, the rule and the value: `flushAt must be an integer >= 1, got 0`.
 */
export function createClient<P extends PlanShape = Unplanned>(
  options: MillraceOptions,
  platform: Platform,
): Millrace<P> {
  const settings = resolveOptions(options)
  const { flushAt, flushIntervalMs, now, random, source, maxRetries } = settings
  const keeps = platform.openSpool !== undefined
  const stream = settings.randomId()
  const timers = createTimers(settings)
  const nowIso = createIsoClock(now)
  const ledger = createLedger()
  const untold = createUntoldDrops()
  const telling = createTelling(untold)
  const stop = createStop()
  const pace = createPace({ now, random, timers, stop, onRest: () => ending.noteRest() })
  const outbox =
    platform.openSpool?.({
      settings,
      stream,
      timers,
      onTrouble: (trouble) => settling.note(trouble),
      onWork: () => wake(),
    }) ?? createMemoryOutbox({ stream, maxBytes: settings.maxQueueBytes })
  const settling = createSettling({ outbox, ledger, telling, untold, keeps })
  const outage = createOutage({ pace, ledger, telling })
  const fullMessage = keeps
    ? 'the spool is full'
    : `maxQueueBytes (${settings.maxQueueBytes}) are waiting already`
  const { defaults } = settings
  const intake = createIntake({ outbox, ledger, telling, untold, settling, nowIso, defaults, fullMessage })
  const post = createTransport({ ...settings, timers, stop })
  const deliver = createDelivery({
    pace,
    source,
    now,
    random,
    maxRetries,
    stop,
    gzip: settings.gzip ? platform.gzip : undefined,
    post(body) {
      ledger.request()
      return post(body)
    },
    onRetry(notice) {
      ledger.retry()
      telling.emit('retry', notice)
      outage.noteRetry(notice)
    },
  })
  const waits = createWaits({ timers, onWait: () => wake() })
  const wake = createLanes({
    count: settings.lanes,
    next: takeNext,
    deliver: (batch) => deliverAndRest(batch),
    onSettled(batch, settlement) {
      // Whoever finds the batch on disk sends it again.
      if (isLeft) return
      if (settlement.ok) outage.noteDelivered()
      settling.settle(batch, outage.explain(settlement))
      if (outbox.isHalfFree()) intake.noteHalfFree()
      if (outbox.hasRoom()) waits.open()
      if (ledger.pendingCount() === 0) onDone()
    },
    isHeld: waits.isHeld,
    hasWork: () => !isLeft && (isDue() || outbox.hasOld()),
    isBatchFull: () => outbox.newCount() >= settings.maxBatchEvents || outbox.newBytes() >= MAX_EVENTS_BYTES,
    timers,
    onThrown: (cause) => telling.thrown(cause, 'an option'),
  })
  const { exitTimeoutMs } = settings
  const defer = (callback: () => void) => void timers.after(0, callback)
  // With a spool, an event of the very last moment is saved too.
  const onDone = () => void (keeps || telling.callBack('process.off', shutdown.unwatch))
  const ending = createEnding({
    defer,
    onLost: settling.abandon,
    outbox,
    ledger,
    pace,
    telling,
    keeps,
    exitTimeoutMs,
    now,
    flush,
    close,
    onDone,
  })
  const shutdown = createShutdown({
    process: settings.process,
    defer,
    onIdle: settings.flushOnExit ? () => void ending.drain() : undefined,
    onExit: ending.saveAtExit,
    onSignal: platform.handleSignals === true ? ending.saveAtSignal : undefined,
  })

  /** Events up to this sequence number are sent without waiting for company. */
  let dueThroughSeq = 0
  let cancelTimer: Cancel | undefined
  let isPlatformWaiting = false
  /** Whether what is in the outbox is left to the next process. */
  let isLeft = false
  let closing: Promise<FlushResult> | undefined

  function accept(call: EventCall): boolean {
    if (closing !== undefined) return intake.refuse(call, 'closed', `${call.type} was called after close()`)
    if (!intake.accept(call)) return false
    telling.callBack('process.on', shutdown.watch)
    telling.callBack('setTimeout', noteAccepted)
    return true
  }

  function noteAccepted(): void {
    ending.noteAccepted()
    // An event of the very last moment, in a listener that comes after ours.
    if (ending.isOver()) ending.saveAtExit()
    if (isDue()) wake()
    else cancelTimer ??= timers.after(flushIntervalMs, onTimer)
    const { waitUntil } = settings
    if (waitUntil === undefined || isPlatformWaiting) return
    telling.callBack('waitUntil', () => waitUntil(sendForPlatform()))
  }

  /** A batch that comes again for ever, because it is on disk, rests in between, whatever was wrong with it. */
  async function deliverAndRest(batch: Batch): Promise<Settlement> {
    let settlement: Settlement
    try {
      settlement = await deliver(batch)
    } catch (cause) {
      settlement = {
        ok: false,
        reason: 'undelivered',
        message: `an option threw: ${messageOf(cause)}`,
        cause,
      }
    }
    if (keeps && !settlement.ok && settlement.reason === 'undelivered') await pace.rest(RETURN_MS, true)
    return settlement
  }

  function onTimer(): void {
    cancelTimer = undefined
    dueThroughSeq = outbox.lastSeq()
    wake()
  }

  function isDue(): boolean {
    const count = outbox.newCount()
    if (count === 0) return false
    const isFull = count >= flushAt || outbox.newBytes() >= MAX_EVENTS_BYTES
    return isFull || outbox.lastSeq() - count < dueThroughSeq
  }

  function takeNext(): Batch | undefined {
    if (isLeft) return undefined
    const limits = { maxEvents: settings.maxBatchEvents, maxBytes: MAX_EVENTS_BYTES }
    return outbox.take(limits, isDue() ? 'all' : 'old')
  }

  async function flush(options?: WaitOptions): Promise<FlushResult> {
    const timeoutMs = timeoutOf('flush', options)
    const wait = ledger.wait()
    dueThroughSeq = outbox.lastSeq()
    try {
      await waits.until(wait.done, timeoutMs)
      return wait.result()
    } finally {
      wait.end()
    }
  }

  async function close(options?: WaitOptions): Promise<FlushResult> {
    const timeoutMs = timeoutOf('close', options) ?? (keeps ? SPOOLED_CLOSE_MS : undefined)
    if (closing === undefined) {
      closing = finish()
      // Whoever awaits it gets the rejection; the deadline below may fail before anybody does.
      closing.catch(() => {})
    }
    if (timeoutMs === undefined || timeoutMs === Number.POSITIVE_INFINITY) return await closing
    // A deadline of now is kept now: a timer of 0 ms would let the next request start.
    if (timeoutMs === 0) stopAll()
    const cancel = timers.after(timeoutMs, stopAll)
    try {
      return await closing
    } finally {
      cancel()
    }
  }

  async function finish(): Promise<FlushResult> {
    waits.open()
    pace.hurry()
    try {
      return await flush()
    } finally {
      cancelTimer?.()
      shutdown.unwatch()
      isLeft = keeps
      // Batches of earlier processes may be under way still; whoever finds them next sends them.
      if (keeps) stop.stop()
      outbox.close()
    }
  }

  /** Ends every request and wait. What is on disk stays there, what is in memory is given up by the lanes. */
  function stopAll(): void {
    isLeft = keeps
    stop.stop()
    if (keeps) ending.leave()
    else wake()
  }

  /** Sends whatever comes until there is nothing left; the platform waits for it. */
  async function sendForPlatform(): Promise<void> {
    isPlatformWaiting = true
    try {
      while (ledger.pendingCount() > 0) await waits.until(ledger.wait().done)
    } catch (cause) {
      telling.thrown(cause, 'an option')
    } finally {
      isPlatformWaiting = false
    }
  }

  async function ready(): Promise<void> {
    if (closing !== undefined || outbox.hasRoom()) return
    dueThroughSeq = outbox.lastSeq()
    await waits.untilOpen()
  }

  function callsWith(known: readonly Defaults[]): MillraceChild<P, never> {
    const callOf = (type: EventType) => (argument: unknown, done?: Done) =>
      accept({ type, argument, done, known })
    return {
      track: callOf('track'),
      page: callOf('page'),
      screen: callOf('screen'),
      identify: callOf('identify'),
      group: callOf('group'),
      alias: callOf('alias'),
      // The nearest wins, so that it comes first.
      with: (defaults: Defaults) => callsWith([defaults, ...known]) as MillraceChild<P, KnownIdentity>,
      flush,
    }
  }

  const { on } = telling
  return { ...callsWith([]), close, ready, on, stats: ledger.stats } as unknown as Millrace<P>
}

function timeoutOf(call: string, options: WaitOptions | undefined): number | undefined {
  if (options === undefined || options === null) return undefined
  if (typeof options !== 'object')
    throw new TypeError(`${call} takes an object with timeoutMs, got ${kindOf(options)}`)
  const { timeoutMs } = options
  if (timeoutMs === undefined || (typeof timeoutMs === 'number' && timeoutMs >= 0)) return timeoutMs
  throw new RangeError(`${call}: timeoutMs must be a number >= 0, got ${timeoutMs}`)
}
