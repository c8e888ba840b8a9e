/**
 * Keeps a source in view: opens the WebSocket, acknowledges what comes, resumes after a break, and asks every two seconds
 * where WebSockets do not get through. Says how it stands; what the messages mean is `state.ts`.
 */

import {
  type ChangeMessage,
  type ClientMessage,
  LIVE_PROTOCOL,
  type LiveMessage,
  type SnapshotMessage,
  type TailEvent,
  TOKEN_PROTOCOL_PREFIX,
} from '@millrace/schemas/live'

/** First wait after a break, which doubles with each further one, and the longest. */
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 30_000

/** A connection that held so long counts as a good one: the next break is the first again. */
const GOOD_AFTER_MS = 10_000

/** After so many tries without a word the windows are polled, every so often. */
const TRIES_BEFORE_POLLING = 3
const POLL_MS = 2_000

/** Routers forget connections that are silent; one that does not answer by the time of the second is broken. */
const PING_MS = 25_000

/** How the page stands to the server. */
export type ConnectionStatus =
  | { kind: 'connecting' }
  | { kind: 'live'; by: 'socket' | 'polling' }
  /** `why`: what the server said, if it said something. */
  | { kind: 'lost'; since: number; retryAt: number; why?: string }
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
  onMessage: (message: SnapshotMessage | ChangeMessage) => void
  onStatus: (status: ConnectionStatus) => void
}

/** A source in view. */
export interface Connection {
  setTail: (tail: Tail) => void
  /** Does not wait for the next try. */
  retry: () => void
  /** Asks for everything anew. */
  refresh: () => void
  close: () => void
}

/** Connects at once; see the types for what it says. */
export function createConnection(options: ConnectionOptions): Connection {
  const { origin, token, effects, onMessage, onStatus } = options
  let { tail } = options
  let socket: Socket | undefined
  let version: string | undefined
  /** Tries since the last good connection. */
  let tries = 0
  /** Those of them in which nothing was heard. */
  let silentTries = 0
  let lostSince: number | undefined
  let retryAt = 0
  let isPolling = false
  let isOver = false
  const timers: Record<'retry' | 'ping' | 'poll', unknown> = {
    retry: undefined,
    ping: undefined,
    poll: undefined,
  }
  const abort = new AbortController()

  function start(timer: keyof typeof timers, run: () => void, afterMs: number): void {
    effects.clearTimer(timers[timer])
    timers[timer] = effects.setTimer(run, afterMs)
  }

  function open(): void {
    if (isOver || socket !== undefined) return
    effects.clearTimer(timers.retry)
    const current = effects.openSocket(liveUrl(origin, version), [
      LIVE_PROTOCOL,
      `${TOKEN_PROTOCOL_PREFIX}${encodeToken(token)}`,
    ])
    socket = current
    let openedAt: number | undefined
    let hasHeard = false
    let isAnswered = true
    const ping = () => {
      if (!isAnswered) return lose()
      isAnswered = false
      current.send('ping')
      start('ping', ping, PING_MS)
    }
    // A socket that is given up may still say that it closed, long after.
    const lose = () => {
      if (socket !== current) return
      current.onopen = current.onmessage = current.onclose = null
      socket = undefined
      current.close()
      effects.clearTimer(timers.ping)
      const wasGood = openedAt !== undefined && hasHeard && effects.now() - openedAt >= GOOD_AFTER_MS
      tries = wasGood ? 1 : tries + 1
      silentTries = hasHeard ? 0 : silentTries + 1
      tryLater(hasHeard)
    }
    current.onopen = () => {
      openedAt = effects.now()
      say({ type: 'tail', ...tail })
      start('ping', ping, PING_MS)
    }
    current.onmessage = ({ data }) => {
      isAnswered = true
      const message = parseMessage(data)
      if (message === undefined || message.type === 'error') return
      hasHeard = true
      isPolling = false
      effects.clearTimer(timers.poll)
      hear(message, 'socket')
      // Who hears it may have asked for everything anew, by another socket.
      if (socket === current) say({ type: 'ack', version: message.version })
    }
    current.onclose = lose
  }

  function say(message: ClientMessage): void {
    socket?.send(JSON.stringify(message))
  }

  function hear(message: SnapshotMessage | ChangeMessage, by: 'socket' | 'polling'): void {
    version = message.version
    lostSince = undefined
    onMessage(message)
    onStatus({ kind: 'live', by })
  }

  function tryLater(hasHeard: boolean): void {
    if (isOver) return
    const waitMs = waitBefore(tries, effects.random())
    start('retry', open, waitMs)
    lostSince ??= effects.now()
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
    const lost = { kind: 'lost', since: lostSince ?? effects.now(), retryAt } as const
    onStatus(why === undefined ? lost : { ...lost, why })
  }

  async function askWhy(): Promise<void> {
    const answer = await askWindows()
    // The socket may have got through meanwhile.
    if (isOver || lostSince === undefined) return
    if (answer.kind === 'refused') return refuse(answer.message)
    if (answer.kind === 'failed') return tellLost(answer.message)
    if (version !== undefined) return
    version = answer.message.version
    onMessage(answer.message)
  }

  async function poll(): Promise<void> {
    const answer = await askWindows()
    if (isOver || !isPolling) return
    if (answer.kind === 'refused') return refuse(answer.message)
    if (answer.kind === 'snapshot') hear(answer.message, 'polling')
    else {
      lostSince ??= effects.now()
      retryAt = effects.now() + POLL_MS
      tellLost(answer.message)
    }
    start('poll', () => void poll(), POLL_MS)
  }

  async function askWindows(): Promise<WindowsAnswer> {
    try {
      const headers = { authorization: `Bearer ${token}` }
      const response = await effects.fetch(`${origin}/v1/live/windows`, { headers, signal: abort.signal })
      return readAnswer(response.status, await response.text())
    } catch {
      // No answer at all: the network's fault, or the server is away.
      return { kind: 'failed' }
    }
  }

  function refuse(message: string): void {
    stop()
    onStatus({ kind: 'refused', message })
  }

  function stop(): void {
    isOver = true
    for (const timer of Object.values(timers)) effects.clearTimer(timer)
    abort.abort()
    drop()
  }

  /** Closes the socket without a word about it. */
  function drop(): void {
    effects.clearTimer(timers.ping)
    const current = socket
    socket = undefined
    if (current === undefined) return
    current.onopen = current.onmessage = current.onclose = null
    current.close()
  }

  onStatus({ kind: 'connecting' })
  open()
  return {
    setTail(next) {
      tail = next
      // A socket that is not open yet says it when it is.
      try {
        say({ type: 'tail', ...tail })
      } catch {
        // `InvalidStateError`: it is still connecting.
      }
    },
    retry() {
      if (!isOver) open()
    },
    refresh() {
      version = undefined
      drop()
      open()
    },
    close: stop,
  }
}

/** Milliseconds before the next try: half of a doubling wait for certain, the rest by chance, so that not all come at once. */
export function waitBefore(tries: number, random: number): number {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(tries - 1, 10))
  return Math.round(longest * (0.5 + random / 2))
}

/** A token as a subprotocol can carry it: base64url of its UTF-8, without padding. */
export function encodeToken(token: string): string {
  const bytes = String.fromCharCode(...new TextEncoder().encode(token))
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

function liveUrl(origin: string, version: string | undefined): string {
  const since = version === undefined ? '' : `?since=${encodeURIComponent(version)}`
  return `${origin.replace(/^http/, 'ws')}/v1/live${since}`
}

function parseMessage(data: unknown): LiveMessage | undefined {
  // The answer to a ping is no JSON.
  if (typeof data !== 'string' || !data.startsWith('{')) return undefined
  try {
    return JSON.parse(data) as LiveMessage
  } catch {
    return undefined
  }
}

type WindowsAnswer =
  | { kind: 'snapshot'; message: SnapshotMessage }
  | { kind: 'refused'; message: string }
  | { kind: 'failed'; message?: string }

function readAnswer(status: number, text: string): WindowsAnswer {
  const body = parseMessage(text) as SnapshotMessage | { message?: unknown } | undefined
  if (status === 200 && body !== undefined && 'type' in body) return { kind: 'snapshot', message: body }
  const said =
    body !== undefined && 'message' in body && typeof body.message === 'string' ? body.message : undefined
  if (status === 401 || status === 403)
    return { kind: 'refused', message: said ?? 'the read token is not known' }
  return said === undefined ? { kind: 'failed' } : { kind: 'failed', message: said }
}
