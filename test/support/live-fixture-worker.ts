/**
 * Runs inside workerd in the place of the Worker: says what `/v1/live`, `/v1/query` and `/demo/read-token` say, from
 * `live-fixture-data.ts` and `live-fixture-answers.ts`, and does as a test orders.
 */

import type { ChangeMessage, ClientMessage, SnapshotMessage } from '@millrace/schemas/live'
import { answerTo } from './live-fixture-answers.ts'
import type { FixtureBooks } from './live-fixture-books.ts'
import { emptySnapshotAt, openWindowsAt, snapshotAt } from './live-fixture-data.ts'
import { eventsBetween } from './live-fixture-events.ts'

/** The one read token that it knows. */
export const FIXTURE_TOKEN = 'dev-read'

/** Where a test gives orders, as a POST, and reads the report, as a GET. */
export const ORDERS_PATH = '/test-orders'

/** How often it says how the pipeline is, whatever else happens: as the Worker does. */
const HEALTH_MS = 5_000

/** Events of an answer to a poll, as of the Worker. */
const MAX_POLLED = 50

/** How it behaves from now on; what is left out stays. */
export interface FixtureOrders {
  /** Whether the source has no events. */
  isEmpty?: boolean
  /** Whether sockets hear anything at all, beside answers to pings. */
  speaks?: boolean
  /** Whether the token is one. */
  knowsToken?: boolean
  /** Whether something in between refuses everything live with a page of its own. */
  isWalled?: boolean
  /** Whether a tail is refused, whatever it asks for. */
  refusesTails?: boolean
  /** Whether `/demo/read-token` tells the token. */
  tellsToken?: boolean
  /** Whether WebSockets are let in. */
  takesSockets?: boolean
  /** Whether `/v1/live/windows` answers. */
  answersWindows?: boolean
  /** Message with which questions are refused; empty: they are answered. */
  refusesQuestions?: string
  /** How the books are. */
  books?: FixtureBooks
  /** Whether a change comes every second. */
  plays?: boolean
  /** Closes all connections, as a restart does. */
  drops?: boolean
  /** Sent to all who watch, and to those who resume from before it; the rest of the message is filled in. */
  change?: Partial<ChangeMessage>
}

/** What was asked of it. */
export interface FixtureReport {
  /** WebSockets that were asked for, refused ones too. */
  tries: number
  /** `?since=` of each WebSocket, empty where there was none. */
  sinces: string[]
  /** Versions that were acknowledged. */
  acks: string[]
  tails: ClientMessage[]
  /** Path and query of each question. */
  questions: string[]
  polls: number
}

/** What a WebSocket of workerd has that one of a browser has not. */
interface ServerSocket extends WebSocket {
  accept: () => void
}

interface Env {
  LIVE: { getByName: (name: string) => { fetch: (request: Request) => Promise<Response> } }
}

/** All but the assets, which are served before. One object has it all, because sockets belong to the one that took them. */
export default {
  fetch: (request: Request, env: Env) => env.LIVE.getByName('dev').fetch(request),
}

/** In the place of the object that counts. */
export class LiveAggregator {
  #orders: Required<Omit<FixtureOrders, 'drops' | 'change' | 'plays'>> = {
    isEmpty: false,
    speaks: true,
    knowsToken: true,
    isWalled: false,
    refusesTails: false,
    tellsToken: true,
    takesSockets: true,
    answersWindows: true,
    refusesQuestions: '',
    books: 'close',
  }
  #report: FixtureReport = { tries: 0, sinces: [], acks: [], tails: [], questions: [], polls: 0 }
  #sockets = new Set<ServerSocket>()
  #changes: ChangeMessage[] = []
  #version = 1
  #playing: ReturnType<typeof setInterval> | undefined
  #playedTo = Date.now()
  #speaking: ReturnType<typeof setInterval> | undefined

  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url)
    if (url.pathname === ORDERS_PATH) {
      if (request.method === 'POST') this.#obey((await request.json()) as FixtureOrders)
      return Response.json(this.#report)
    }
    if (url.pathname === '/v1/live') this.#report.tries++
    if (url.pathname === '/demo/read-token') {
      return this.#orders.tellsToken ? new Response(FIXTURE_TOKEN) : new Response(null, { status: 404 })
    }
    if (this.#orders.isWalled && url.pathname.startsWith('/v1/live')) {
      const headers = { 'content-type': 'text/html' }
      return new Response('<h1>Forbidden</h1>', { status: 403, headers })
    }
    if (!this.#orders.knowsToken) return refuseToken()
    if (url.pathname === '/v1/live') return this.#watch(request, url)
    if (request.headers.get('authorization') !== `Bearer ${FIXTURE_TOKEN}`) return refuseToken()
    if (url.pathname === '/v1/live/windows') return this.#tellWindows()
    return this.#answer(url)
  }

  #obey({ drops, change, plays, ...orders }: FixtureOrders): void {
    this.#orders = { ...this.#orders, ...orders }
    if (plays !== undefined) {
      clearInterval(this.#playing)
      this.#playedTo = Date.now()
      if (plays) this.#playing = setInterval(() => this.#play(), 1_000)
    }
    if (drops === true) {
      for (const socket of this.#sockets) socket.close(1012, 'restart')
      this.#sockets.clear()
    }
    if (change !== undefined) this.#send(change)
  }

  #play(): void {
    const now = Date.now()
    this.#send({ windows: openWindowsAt(now), events: eventsBetween(this.#playedTo + 1, now) })
    this.#playedTo = now
  }

  #speak(): void {
    if (this.#orders.speaks) this.#send({ health: this.#snapshot().health })
  }

  #send(change: Partial<ChangeMessage>): void {
    const now = Date.now()
    const version = String(++this.#version)
    const filled = { type: 'change', version, now, watermark: now - 30_000 } as const
    const message: ChangeMessage = { ...filled, windows: [], ...change }
    this.#changes = [...this.#changes.slice(-50), message]
    for (const socket of this.#sockets) socket.send(JSON.stringify(message))
  }

  #watch(request: Request, url: URL): Response {
    const offered = (request.headers.get('sec-websocket-protocol') ?? '').split(',').map((one) => one.trim())
    if (!offered.includes(`bearer.${btoa(FIXTURE_TOKEN).replace(/=+$/, '')}`)) return refuseToken()
    if (!this.#orders.takesSockets) return new Response('no way', { status: 502 })
    const { WebSocketPair } = globalThis as unknown as { WebSocketPair: new () => [WebSocket, ServerSocket] }
    const [client, server] = Object.values(new WebSocketPair()) as [WebSocket, ServerSocket]
    const since = url.searchParams.get('since') ?? ''
    this.#report.sinces.push(since)
    server.accept()
    server.addEventListener('message', ({ data }) => this.#hear(server, String(data)))
    server.addEventListener('close', () => this.#sockets.delete(server))
    this.#sockets.add(server)
    this.#speaking ??= setInterval(() => this.#speak(), HEALTH_MS)
    server.send(JSON.stringify(this.#firstMessage(since)))
    const headers = { 'sec-websocket-protocol': 'millrace.live.v1' }
    return new Response(null, { status: 101, headers, webSocket: client } as ResponseInit)
  }

  #hear(socket: ServerSocket, text: string): void {
    if (text === 'ping') {
      socket.send('pong')
      return
    }
    const message = JSON.parse(text) as ClientMessage
    if (message.type === 'ack') {
      this.#report.acks.push(message.version)
      return
    }
    this.#report.tails.push(message)
    if (!this.#orders.refusesTails) return
    socket.send(JSON.stringify({ type: 'error', code: 'invalid_message', message: 'a field is not known' }))
  }

  /** Everything, or what changed since a version that is known. */
  #firstMessage(since: string): SnapshotMessage | ChangeMessage {
    const missed = this.#changes.filter(({ version }) => Number(version) > Number(since))
    const last = missed.at(-1)
    if (since === '' || last === undefined) return this.#snapshot()
    const events = missed.flatMap((change) => change.events ?? [])
    return { ...last, windows: missed.flatMap(({ windows }) => windows), events }
  }

  #snapshot(): SnapshotMessage {
    const make = this.#orders.isEmpty ? emptySnapshotAt : snapshotAt
    return make(Date.now(), String(this.#version))
  }

  #tellWindows(): Response {
    this.#report.polls++
    if (this.#orders.answersWindows) {
      const snapshot = this.#snapshot()
      return Response.json({ ...snapshot, events: snapshot.events.slice(-MAX_POLLED) })
    }
    return Response.json(
      {
        success: false,
        code: 'temporarily_unavailable',
        message: 'the live windows do not answer; ask again',
      },
      { status: 503 },
    )
  }

  #answer(url: URL): Response {
    const name = url.pathname.replace('/v1/query/', '')
    this.#report.questions.push(`${name}${url.search}`)
    const message = this.#orders.refusesQuestions
    if (message !== '') {
      return Response.json({ success: false, code: 'question_too_heavy', message }, { status: 422 })
    }
    const found = answerTo(name, url.searchParams, Date.now(), this.#orders.books)
    if (found === undefined) return new Response(null, { status: 404 })
    return Response.json({ question: { name }, freshness: null, readFrom: 'events', ...found })
  }
}

function refuseToken(): Response {
  const message = 'no source has this read token; write keys and secret keys do not read'
  return Response.json({ success: false, code: 'unknown_read_token', message }, { status: 401 })
}
