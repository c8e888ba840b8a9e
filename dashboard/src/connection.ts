/**
 * Keeps a source in view: opens the WebSocket, acknowledges what comes, resumes after a break, and asks every two seconds
 * where WebSockets do not get through. Says how it stands; what the messages mean is `state.ts`.
 */

import type { ChangeMessage, ClientMessage, SnapshotMessage, TailEvent } from '@millrace/schemas/live'
import { askWindows, LIMIT_MS, liveUrl, parseMessage, protocolsOf } from './live-request.ts'

/** First wait after a break, which doubles with each further one, and the longest. */
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 30_000

/** A connection that held so long counts as a good one: the next break is the first again. */
const GOOD_AFTER_MS = 10_000

/** After so many tries without a word the windows are polled, every so often. */
const TRIES_BEFORE_POLLING = 3
const POLL_MS = 2_000

/** One who said nothing for so long is pinged, and broken when it does not answer in time. */
const PING_AFTER_MS = 10_000
const PONG_MS = 5_000

/**
 * Numbers are said to be old when no message came for so long, though pings are answered: the server says something every
 * 10 s, and of a quiet source every minute. Source: `consumers/src/live/aggregator.ts`.
 */
const SILENT_AFTER_MS = 15_000
const SILENT_AFTER_QUIET_MS = 75_000

/** A page that nobody sees lets go of the connection after so long: what is watched is kept awake at the server. */
export const PAUSE_AFTER_MS = 5 * 60_000

/** How the page stands to the server. */
export type ConnectionStatus =
  | { kind: 'connecting' }
  | { kind: 'live'; by: 'socket' | 'polling' }
  /** Connected, but nothing was said since. */
  | { kind: 'silent'; since: number }
  /** `why`: what the server said, if it said something. `since`: when it said the last thing. */
  | { kind: 'lost'; since: number; retryAt: number; why?: string }
  /** Nobody looks. */
  | { kind: 'paused'; since: number }
  /** The token is of no source: trying again is of no use. */
  | { kind: 'refused'; message: string }

/** Which events are shown; see `ClientMessage`. */
export interface Tail {
  filters: string[]
  statuses: TailEvent['status'][]
}

/** What is used of a WebSocket. */
export interface Socket {
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: (() => void) | null
  send: (text: string) => void
  close: () => void
}

/** What connecting needs of the browser. */
export interface ConnectionEffects {
  openSocket: (url: string, protocols: string[]) => Socket
  fetch: (url: string, init: { headers: Record<string, string>; signal: AbortSignal }) => Promise<Response>
  /** Milliseconds since 1970. */
  now: () => number
  /** From 0 to 1. */
  random: () => number
  setTimer: (run: () => void, afterMs: number) => unknown
  clearTimer: (timer: unknown) => void
}

/** Options of {@link createConnection}. */
export interface ConnectionOptions {
  /** Origin of the collector, `https://events.example.com`. */
  origin: string
  /** Read token. */
  token: string
  tail: Tail
  effects: ConnectionEffects
  /** Whether nothing is counted just now, by what was heard. */
  isQuiet: () => boolean
  onMessage: (message: SnapshotMessage | ChangeMessage) => void
  /** Told what the server could not do, such as taking conditions. */
  onError: (message: string) => void
  onStatus: (status: ConnectionStatus) => void
}

/** A source in view. */
export interface Connection {
  setTail: (tail: Tail) => void
  /** Does not wait for the next try, or for the one that is under way; a connection that works is checked. */
  retry: () => void
  /** Asks for everything anew. */
  refresh: () => void
  /** Pauses when the page was hidden for {@link PAUSE_AFTER_MS}, and goes on where it was when it is seen. */
  setHidden: (isHidden: boolean) => void
  close: () => void
}

/** One WebSocket, from its opening to its end. */
interface Link {
  socket: Socket
  openedAt: number | undefined
  hasHeard: boolean
}

/** Connects at once; see the types for what it says. */
export function createConnection(options: ConnectionOptions): Connection {
  const { origin, token, effects, isQuiet, onMessage, onError, onStatus } = options
  let { tail } = options
  let link: Link | undefined
  let version: string | undefined
  /** When the last message came, by whatever way. */
  let heardAt: number | undefined
  /** Tries since the last good connection. */
  let tries = 0
  /** Those of them in which nothing was heard. */
  let silentTries = 0
  let lostSince: number | undefined
  let retryAt = 0
  let isPolling = false
  let isPaused = false
  let isOver = false
  const timers: Record<'retry' | 'connect' | 'ping' | 'silence' | 'poll' | 'hidden', unknown> = {
    retry: undefined,
    connect: undefined,
    ping: undefined,
    silence: undefined,
    poll: undefined,
    hidden: undefined,
  }
  const abort = new AbortController()

  function start(timer: keyof typeof timers, run: () => void, afterMs: number): void {
    effects.clearTimer(timers[timer])
    timers[timer] = effects.setTimer(run, afterMs)
  }

  function stopTimers(...names: (keyof typeof timers)[]): void {
    for (const name of names) effects.clearTimer(timers[name])
  }

  function open(): void {
    if (isOver || isPaused || link !== undefined) return
    stopTimers('retry')
    const socket = effects.openSocket(liveUrl(origin, version), protocolsOf(token))
    const current: Link = { socket, openedAt: undefined, hasHeard: false }
    link = current
    start('connect', lose, LIMIT_MS)
    socket.onopen = () => {
      stopTimers('connect')
      current.openedAt = effects.now()
      say({ type: 'tail', ...tail })
      start('ping', ping, PING_AFTER_MS)
      start('silence', tellSilent, SILENT_AFTER_MS)
    }
    socket.onmessage = ({ data }) => {
      start('ping', ping, PING_AFTER_MS)
      const message = parseMessage(data)
      if (message === undefined) return
      if (message.type === 'error') return onError(message.message)
      current.hasHeard = true
      isPolling = false
      stopTimers('poll')
      hear(message, 'socket')
      // Who hears it may have asked for everything anew, by another socket.
      if (link !== current) return
      say({ type: 'ack', version: message.version })
      start('silence', tellSilent, isQuiet() ? SILENT_AFTER_QUIET_MS : SILENT_AFTER_MS)
    }
    socket.onclose = lose
  }

  function say(message: ClientMessage): void {
    link?.socket.send(JSON.stringify(message))
  }

  function ping(): void {
    link?.socket.send('ping')
    start('ping', lose, PONG_MS)
  }

  function tellSilent(): void {
    // One that never said anything is of no use, whatever it answers to pings.
    if (link?.hasHeard === true) onStatus({ kind: 'silent', since: heardAt ?? effects.now() })
    else lose()
  }

  /** Gives the socket up and tries again later. */
  function lose(): void {
    if (link === undefined) return
    const { openedAt, hasHeard } = link
    drop()
    const wasGood = openedAt !== undefined && hasHeard && effects.now() - openedAt >= GOOD_AFTER_MS
    tries = wasGood ? 1 : tries + 1
    silentTries = hasHeard ? 0 : silentTries + 1
    tryLater(hasHeard)
  }

  function hear(message: SnapshotMessage | ChangeMessage, by: 'socket' | 'polling'): void {
    version = message.version
    heardAt = effects.now()
    lostSince = undefined
    onMessage(message)
    onStatus({ kind: 'live', by })
  }

  function tryLater(hasHeard: boolean): void {
    if (isOver) return
    const waitMs = waitBefore(tries, effects.random())
    start('retry', open, waitMs)
    // While polling gets through nothing is lost.
    if (!isPolling) lostSince ??= heardAt ?? effects.now()
    retryAt = effects.now() + waitMs
    // The first try of all is explained before it is told.
    if (!isPolling && (hasHeard || tries > 1)) tellLost()
    if (silentTries >= TRIES_BEFORE_POLLING && !isPolling) {
      isPolling = true
      void poll()
    } else if (!hasHeard && !isPolling) {
      // A browser tells nobody why a WebSocket was refused; the same question by HTTP does.
      void askWhy()
    }
  }

  function tellLost(why?: string): void {
    const lost = { kind: 'lost', since: lostSince ?? heardAt ?? effects.now(), retryAt } as const
    onStatus(why === undefined ? lost : { ...lost, why })
  }

  async function askWhy(): Promise<void> {
    const answer = await askWindows({ origin, token, effects, signal: abort.signal })
    // The socket may have got through meanwhile.
    if (isOver || isPaused || lostSince === undefined) return
    if (answer.kind === 'refused') return refuse(answer.message)
    if (answer.kind === 'failed') return tellLost(answer.message)
    if (version !== undefined) return
    version = answer.message.version
    onMessage(answer.message)
  }

  async function poll(): Promise<void> {
    const answer = await askWindows({ origin, token, effects, signal: abort.signal })
    if (isOver || !isPolling) return
    if (answer.kind === 'refused') return refuse(answer.message)
    if (answer.kind === 'snapshot') hear(answer.message, 'polling')
    else {
      lostSince ??= heardAt ?? effects.now()
      retryAt = effects.now() + POLL_MS
      tellLost(answer.message)
    }
    start('poll', () => void poll(), POLL_MS)
  }

  function refuse(message: string): void {
    stop()
    onStatus({ kind: 'refused', message })
  }

  function pause(): void {
    isPaused = true
    isPolling = false
    tries = silentTries = 0
    lostSince ??= heardAt ?? effects.now()
    stopTimers('retry', 'poll')
    drop()
    onStatus({ kind: 'paused', since: lostSince })
  }

  function stop(): void {
    isOver = true
    stopTimers('retry', 'poll', 'hidden')
    abort.abort()
    drop()
  }

  /** Closes the socket without a word about it: one that is given up may still say that it closed, long after. */
  function drop(): void {
    stopTimers('connect', 'ping', 'silence')
    const socket = link?.socket
    link = undefined
    if (socket === undefined) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
  }

  function retry(): void {
    if (isOver || isPaused) return
    const isWell = link?.hasHeard === true && effects.now() - (heardAt ?? 0) < SILENT_AFTER_MS
    if (isWell) {
      ping()
      return
    }
    drop()
    open()
    if (isPolling) start('poll', () => void poll(), 0)
    if (lostSince === undefined) return
    retryAt = effects.now()
    tellLost()
  }

  onStatus({ kind: 'connecting' })
  open()
  return {
    setTail(next) {
      tail = next
      // A socket that is not open yet says it when it is.
      if (link?.openedAt !== undefined) say({ type: 'tail', ...tail })
    },
    retry,
    refresh() {
      version = undefined
      drop()
      open()
    },
    setHidden(isHidden) {
      if (isOver) return
      if (isHidden) return isPaused ? undefined : start('hidden', pause, PAUSE_AFTER_MS)
      stopTimers('hidden')
      if (isPaused) {
        isPaused = false
        onStatus({ kind: 'connecting' })
        open()
      } else if (link === undefined || link.hasHeard) {
        // The computer may have slept. A try that is under way goes on.
        retry()
      }
    },
    close: stop,
  }
}

/** Milliseconds before the next try: half of a doubling wait for certain, the rest by chance, so that not all come at once. */
export function waitBefore(tries: number, random: number): number {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(tries - 1, 10))
  return Math.round(longest * (0.5 + random / 2))
}
