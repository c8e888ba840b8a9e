/** Follows the event stream across connections: what is shown, what was shown already, and when to connect again. */

import { setTimeout as delay } from 'node:timers/promises'
import type { TailEvent } from '@millrace/schemas/live'
import type { LiveEnd, LivePart } from './connection.ts'
import { parseTailMessage, type TailEvents } from './live-message.ts'

/** Events that are remembered, so that none is shown twice; the first message of a connection has up to 50. */
const MAX_REMEMBERED = 500

/** Wait before the second connection; it doubles with each that does not hold, up to the longest. Half of it is left to chance. */
const BASE_DELAY_MS = 500
const MAX_DELAY_MS = 10_000

/** Longest `Retry-After` that is honoured. */
const MAX_RETRY_AFTER_MS = 60_000

/** A connection that held so long was a good one. */
const STEADY_MS = 10_000

/** Options of {@link followEvents}. */
export interface FollowOptions {
  /** Connects, and goes on from a version where one is given. */
  connect: (lastEventId: string | undefined) => AsyncIterable<LivePart>
  /** Shows an event; the next one waits for it. */
  show: (event: TailEvent) => Promise<void>
  /** Says a sentence about the connection. */
  tell: (message: string) => void
  /** Says that so many events passed that are not shown. */
  tellMissed: (count: number) => void
  /** How many that passed before are shown first. */
  firstCount: number
  /** Ends after so many events. Default: never. */
  limit?: number | undefined
  /** Aborted when it is to end. */
  signal: AbortSignal
  /** Called when the first connection holds. */
  onConnected?: () => void
  /** From 0 up to 1, exclusive. */
  random?: () => number
  /** Milliseconds of a clock that never goes back. */
  now?: () => number
  /** Waits so many milliseconds, or rejects when the signal is aborted. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

/** Why it ended: the limit is reached, it was told to, or the collector was not there in the first place or refuses. */
export type FollowEnd =
  | { kind: 'done' | 'stopped' }
  | { kind: 'refused'; isMistake: boolean; message: string }

/** Shows events until it ends. Rejects only with what `show` rejects with. */
export async function followEvents(options: FollowOptions): Promise<FollowEnd> {
  const { connect, tell, signal, random = Math.random, now = () => performance.now(), sleep = wait } = options
  const taker = createTaker(options)
  for (let failures = 0; ; ) {
    const startedAt = now()
    const end = await takeAll(connect(taker.version()), taker, signal)
    if (end.kind !== 'cut') return end
    if (taker.state() === 'new') return { kind: 'refused', isMistake: false, message: end.message }
    if (taker.state() === 'connected') tell(`the connection is cut: ${end.message}; trying again`)
    taker.cut()
    failures = now() - startedAt >= STEADY_MS ? 1 : failures + 1
    try {
      await sleep(decideDelayMs(failures, end.retryAfterMs, random), signal)
    } catch (error) {
      if (signal.aborted) return { kind: 'stopped' }
      throw error
    }
  }
}

async function takeAll(
  parts: AsyncIterable<LivePart>,
  taker: Taker,
  signal: AbortSignal,
): Promise<FollowEnd | LiveEnd> {
  for await (const part of parts) {
    if (part.kind !== 'event') return part
    const message = parseTailMessage(part.event)
    if (message.kind === 'error') return { kind: 'cut', message: message.message }
    if (message.kind === 'events' && (await taker.take(message))) return { kind: 'done' }
    if (signal.aborted) return { kind: 'stopped' }
  }
  return { kind: 'cut', message: 'the collector closed it' }
}

/** Takes the messages of all connections, one after the other. */
interface Taker {
  /** Shows what is in it; whether that was the last. */
  take: (message: TailEvents) => Promise<boolean>
  /** The connection is gone. */
  cut: () => void
  state: () => 'new' | 'connected' | 'cut'
  /** Of the last message. */
  version: () => string | undefined
}

function createTaker(options: FollowOptions): Taker {
  const {
    show,
    tell,
    tellMissed,
    firstCount,
    limit = Number.POSITIVE_INFINITY,
    signal,
    onConnected,
  } = options
  const isNew = createMemory()
  let state: ReturnType<Taker['state']> = 'new'
  let lastVersion: string | undefined
  let shown = 0
  const choose = (events: TailEvent[]): TailEvent[] => {
    const fresh = events.filter(isNew)
    return state === 'new' ? fresh.slice(Math.max(0, fresh.length - firstCount)) : fresh
  }
  return {
    async take({ version, events, missed }) {
      const chosen = choose(events)
      if (state === 'new') onConnected?.()
      if (state === 'cut') tell(BACK)
      state = 'connected'
      if (missed > 0) tellMissed(missed)
      for (const event of chosen) {
        if (signal.aborted) return false
        await show(event)
        shown += 1
        if (shown >= limit) return true
      }
      if (version !== '') lastVersion = version
      return false
    },
    cut() {
      state = 'cut'
    },
    state: () => state,
    version: () => lastVersion,
  }
}

/** A new connection begins with the last events that the collector has. */
const BACK = 'connected again; of what passed meanwhile the last events are shown, 50 at most'

/** Whether an event was not there before. One that was sent twice passed twice: its batch is another. */
function createMemory(): (event: TailEvent) => boolean {
  const known = new Set<string>()
  return ({ messageId, status, batchId, index }) => {
    const key = JSON.stringify([messageId, status, batchId, index])
    if (known.has(key)) return false
    known.add(key)
    // A set keeps the order: the first one is the oldest.
    for (const oldest of known) {
      if (known.size <= MAX_REMEMBERED) break
      known.delete(oldest)
    }
    return true
  }
}

function decideDelayMs(failures: number, retryAfterMs: number | undefined, random: () => number): number {
  const delayMs = Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** (failures - 1)) * (0.5 + random() / 2)
  return Math.max(delayMs, Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS))
}

function wait(ms: number, signal: AbortSignal): Promise<unknown> {
  return delay(ms, undefined, { signal })
}
