/**
 * Runs inside workerd in the place of the Worker: says what `/v1/live`, `/v1/query` and `/demo/read-token` say, from
 * `live-fixture-data.ts`, and does as a test orders.
 */

import type { ChangeMessage, ClientMessage, SnapshotMessage } from '@millrace/schemas/live'
import { answerTo, emptySnapshotAt, eventsBetween, openWindowsAt, snapshotAt } from './live-fixture-data.ts'

/** The one read token that it knows. */
export const FIXTURE_TOKEN = 'dev-read'

/** Where a test gives orders, as a POST, and reads the report, as a GET. */
export const ORDERS_PATH = '/test-orders'

/** How it behaves from now on; what is left out stays. */
export interface FixtureOrders {
  /** Whether the source has no events. */
  isEmpty?: boolean
  /** Whether `/demo/read-token` tells the token. */
  tellsToken?: boolean
  /** Whether WebSockets are let in. */
  takesSockets?: boolean
  /** Whether `/v1/live/windows` answers. */
  answersWindows?: boolean
  /** Message with which questions are refused; empty: they are answered. */
  refusesQuestions?: string
  /** Whether a change comes every second. */
  plays?: boolean
  /** Closes all connections, as a restart does. */
  drops?: boolean
  /** Sent to all who watch, and to those who resume from before it; the rest of the message is filled in. */
  change?: Partial<ChangeMessage>
}

/** What was asked of it. */
export interface FixtureReport {
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
    tellsToken: true,
    takesSockets: true,
    answersWindows: true,
    refusesQuestions: '',
  }
  #report: FixtureReport = { sinces: [], acks: [], tails: [], questions: [], polls: 0 }
  #sockets = new Set<ServerSocket>()
  #changes: ChangeMessage[] = []
  #version = 1
  #playing: ReturnType<typeof setInterval> | undefined
  #playedTo = Date.now()

  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url)
    if (url.pathname === ORDERS_PATH) {
      if (request.method === 'POST') this.#obey((await request.json()) as FixtureOrders)
      return Response.json(this.#report)
    }
    if (url.pathname === '/demo/read-token') {
      return this.#orders.tellsToken ? new Response(FIXTURE_TOKEN) : new Response(null, { status: 404 })
    }
    if (url.pathname === '/v1/live') return this.#watch(request, url)
    if (request.headers.get('authorization') !== `Bearer ${FIXTURE_TOKEN}`) return refuseToken()
    if (url.pathname === '/v1/live/windows') return this.#tellWindows()
    return this.#answer(url)
  }

  #obey({ drops, change, plays, ...orders }: FixtureOrders): void {
    this.#orders = { ...this.#orders, ...orders }
    if (plays === true) this.#playing ??= setInterval(() => this.#play(), 1_000)
    else if (plays === false) clearInterval(this.#playing)
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
    this.#changes = this.#changes.slice(-50)
  }

  #send(change: Partial<ChangeMessage>): void {
    const now = Date.now()
    const version = String(++this.#version)
    const filled = { type: 'change', version, now, watermark: now - 4_000 } as const
    const message: ChangeMessage = { ...filled, windows: [], ...change }
    this.#changes.push(message)
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
    if (message.type === 'ack') this.#report.acks.push(message.version)
    else this.#report.tails.push(message)
  }

  /** Everything, or what changed since a version that is known. */
  #firstMessage(since: string): SnapshotMessage | ChangeMessage {
    const missed = this.#changes.filter(({ version }) => Number(version) > Number(since))
    const last = missed.at(-1)
    if (since === '' || last === undefined) return this.#snapshot()
    return { ...last, windows: missed.flatMap(({ windows }) => windows) }
  }

  #snapshot(): SnapshotMessage {
    const make = this.#orders.isEmpty ? emptySnapshotAt : snapshotAt
    return make(Date.now(), String(this.#version))
  }

  #tellWindows(): Response {
    this.#report.polls++
    if (this.#orders.answersWindows) return Response.json(this.#snapshot())
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
    const found = answerTo(name, url.searchParams, Date.now())
    if (found === undefined) return new Response(null, { status: 404 })
    return Response.json({ question: { name }, freshness: null, readFrom: 'events', ...found })
  }
}

function refuseToken(): Response {
  const message = 'no source has this read token; write keys and secret keys do not read'
  return Response.json({ success: false, code: 'unknown_read_token', message }, { status: 401 })
}
