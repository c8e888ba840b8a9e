import { describe, expect, it } from 'vitest'
import {
  type ConnectionStatus,
  createConnection,
  PAUSE_AFTER_MS,
  type Socket,
  waitBefore,
} from './connection.ts'
import { change, NOW, snapshot } from './fixtures.ts'

interface FakeSocket extends Socket {
  url: string
  protocols: string[]
  sent: string[]
  isClosed: boolean
}

type Answer = (signal: AbortSignal) => Response | Promise<Response>

/** A request that is never answered. */
const hang: Answer = (signal) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

/** A world with a clock that a test moves, sockets that it speaks through, and one answer to all requests. */
function createWorld(answer: Answer = () => Response.json(snapshot())) {
  let now = NOW
  let timers: { at: number; run: () => void }[] = []
  const sockets: FakeSocket[] = []
  const statuses: ConnectionStatus[] = []
  const messages: string[] = []
  const requests: string[] = []
  const errors: string[] = []
  const hooks = { onMessage: () => {}, isQuiet: false }
  const connection = createConnection({
    origin: 'https://events.example.com',
    token: 'dev-read',
    tail: { filters: [], statuses: ['accepted'] },
    effects: {
      openSocket(url, protocols) {
        const socket: FakeSocket = {
          ...{ url, protocols, sent: [], isClosed: false },
          ...{ onopen: null, onmessage: null, onclose: null },
          send: (text) => socket.sent.push(text),
          close: () => {
            socket.isClosed = true
          },
        }
        sockets.push(socket)
        return socket
      },
      fetch: async (url, { headers, signal }) => {
        requests.push(`${url} ${headers['authorization']}`)
        return answer(signal)
      },
      now: () => now,
      random: () => 1,
      setTimer(run, afterMs) {
        const timer = { at: now + afterMs, run }
        timers.push(timer)
        return timer
      },
      clearTimer(timer) {
        timers = timers.filter((other) => other !== timer)
      },
    },
    isQuiet: () => hooks.isQuiet,
    onMessage: ({ type, version }) => {
      messages.push(`${type} ${version}`)
      hooks.onMessage()
    },
    onError: (message) => void errors.push(message),
    onStatus: (status) => statuses.push(status),
  })
  return {
    ...{ connection, sockets, statuses, messages, requests, errors, hooks },
    socket: () => sockets.at(-1) as FakeSocket,
    /** Lets time pass, with all that is due in it. */
    async pass(ms: number) {
      const end = now + ms
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve))
        const due = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
        if (due === undefined) break
        timers = timers.filter((timer) => timer !== due)
        now = Math.max(now, due.at)
        due.run()
      }
      now = end
    },
    hear(message: object) {
      ;(sockets.at(-1) as FakeSocket).onmessage?.({ data: JSON.stringify(message) })
    },
    /** Opens the last socket and says everything there. */
    arrive() {
      ;(sockets.at(-1) as FakeSocket).onopen?.()
      this.hear(snapshot())
    },
    /** Lets time pass in which the server answers pings, and says nothing else. */
    async passQuietly(ms: number) {
      for (let left = ms; left > 0; left -= 10_000) {
        await this.pass(Math.min(left, 10_000))
        this.socket().onmessage?.({ data: 'pong' })
      }
    },
    last: () => statuses.at(-1),
  }
}

const sentOf = (socket: FakeSocket) =>
  socket.sent.map((text) => (text.startsWith('{') ? JSON.parse(text) : text))

describe('connection', () => {
  it('offers the token as a subprotocol, asks for events, and acknowledges what has a version', () => {
    const world = createWorld()
    const socket = world.socket()
    expect(socket.url).toBe('wss://events.example.com/v1/live')
    expect(socket.protocols).toEqual(['millrace.live.v1', 'bearer.ZGV2LXJlYWQ'])
    socket.onopen?.()
    world.hear(snapshot())
    world.hear(change())
    world.hear({ type: 'error', code: 'internal_error', message: 'oh' })
    expect(sentOf(socket)).toEqual([
      { type: 'tail', filters: [], statuses: ['accepted'] },
      { type: 'ack', version: 'v1' },
      { type: 'ack', version: 'v2' },
    ])
    expect(world.messages).toEqual(['snapshot v1', 'change v2'])
    expect(world.errors).toEqual(['oh'])
    expect(world.last()).toEqual({ kind: 'live', by: 'socket' })
  })

  it('says since when it is disconnected, and resumes from the last version', async () => {
    const world = createWorld()
    world.arrive()
    await world.passQuietly(12_000)
    world.socket().onclose?.()
    expect(world.last()).toEqual({ kind: 'lost', since: NOW, retryAt: NOW + 13_000 })
    await world.pass(1_000)
    expect(world.sockets).toHaveLength(2)
    expect(world.socket().url).toBe('wss://events.example.com/v1/live?since=v1')
    world.hear(change())
    expect(world.last()).toEqual({ kind: 'live', by: 'socket' })
  })

  it('waits twice as long after each failure, up to half a minute, and asks why', async () => {
    const world = createWorld(() => Promise.reject(new TypeError('fetch failed')))
    world.socket().onclose?.()
    await world.pass(999)
    expect(world.sockets).toHaveLength(1)
    await world.pass(1)
    expect(world.sockets).toHaveLength(2)
    world.socket().onclose?.()
    await world.pass(2_000)
    expect(world.sockets).toHaveLength(3)
    expect(world.requests[0]).toBe('https://events.example.com/v1/live/windows Bearer dev-read')
    expect(world.last()).toMatchObject({ kind: 'lost', since: NOW })
  })

  it('does not try again with a token that is refused, and says the words of the server', async () => {
    const body = { success: false, code: 'unknown_read_token', message: 'no source has this read token' }
    const world = createWorld(() => Response.json(body, { status: 401 }))
    world.socket().onclose?.()
    await world.pass(120_000)
    expect(world.statuses).toEqual([
      { kind: 'connecting' },
      { kind: 'refused', message: 'no source has this read token' },
    ])
    expect(world.sockets).toHaveLength(1)
  })

  it.each([
    ['a page of something in between', () => new Response('<h1>Forbidden</h1>', { status: 403 }), /403/],
    [
      'another refusal',
      () => Response.json({ code: 'origin_not_allowed', message: 'not from here' }, { status: 403 }),
      /^not from here$/,
    ],
  ])('goes on trying after %s', async (_name, answer, why) => {
    const world = createWorld(answer)
    world.socket().onclose?.()
    await world.pass(1_000)
    expect(world.last()).toMatchObject({ kind: 'lost', why: expect.stringMatching(why) })
    expect(world.sockets).toHaveLength(2)
  })

  it('gives up what does not connect within ten seconds, and a poll that is not answered', async () => {
    const world = createWorld(hang)
    await world.pass(9_999)
    expect(world.sockets[0]?.isClosed).toBe(false)
    await world.pass(1)
    expect(world.sockets[0]?.isClosed).toBe(true)
    await world.pass(10_000)
    expect(world.last()).toMatchObject({ kind: 'lost', since: NOW + 10_000, why: 'no answer within 10 s' })
    expect(world.sockets).toHaveLength(2)
  })

  it('polls after three tries without a word, until a WebSocket gets through', async () => {
    const world = createWorld()
    for (const waitMs of [1_000, 2_000, 0]) {
      world.socket().onclose?.()
      await world.pass(waitMs)
    }
    expect(world.last()).toEqual({ kind: 'live', by: 'polling' })
    const before = world.requests.length
    await world.pass(3_900)
    expect(world.requests.length - before).toBe(1)
    await world.pass(100)
    expect(world.sockets).toHaveLength(4)
    world.hear(change())
    expect(world.last()).toEqual({ kind: 'live', by: 'socket' })
    const polled = world.requests.length
    await world.pass(10_000)
    expect(world.requests.length).toBe(polled)
  })

  it('says what the server says while polling fails', async () => {
    const busy = { success: false, code: 'temporarily_unavailable', message: 'ask again' }
    const world = createWorld(() => Response.json(busy, { status: 503 }))
    for (const waitMs of [1_000, 2_000, 0]) {
      world.socket().onclose?.()
      await world.pass(waitMs)
    }
    expect(world.last()).toMatchObject({ kind: 'lost', why: 'ask again' })
  })

  it('takes a connection that does not answer a ping for broken, fifteen seconds after its last word', async () => {
    const world = createWorld()
    world.arrive()
    await world.pass(10_000)
    expect(world.socket().sent.at(-1)).toBe('ping')
    world.socket().onmessage?.({ data: 'pong' })
    await world.pass(14_999)
    expect(world.sockets[0]?.isClosed).toBe(false)
    await world.pass(1)
    expect(world.sockets[0]?.isClosed).toBe(true)
    expect(world.last()).toMatchObject({ kind: 'lost', since: NOW })
  })

  it('says that no word came, though pings are answered, until one comes', async () => {
    const world = createWorld()
    world.arrive()
    await world.passQuietly(14_999)
    expect(world.last()).toEqual({ kind: 'live', by: 'socket' })
    await world.passQuietly(1)
    expect(world.last()).toEqual({ kind: 'silent', since: NOW })
    expect(world.sockets).toHaveLength(1)
    world.hear(change())
    expect(world.last()).toEqual({ kind: 'live', by: 'socket' })
  })

  it('waits longer for a word where nothing is counted', async () => {
    const world = createWorld()
    world.hooks.isQuiet = true
    world.arrive()
    await world.passQuietly(74_999)
    expect(world.last()).toEqual({ kind: 'live', by: 'socket' })
    await world.passQuietly(1)
    expect(world.last()).toEqual({ kind: 'silent', since: NOW })
  })

  it('gives up a connection that is open and never says anything', async () => {
    const world = createWorld(() => Response.json({ message: 'away' }, { status: 503 }))
    world.socket().onopen?.()
    await world.passQuietly(15_000)
    await world.pass(0)
    expect(world.sockets[0]?.isClosed).toBe(true)
    expect(world.last()).toMatchObject({ kind: 'lost', why: 'away' })
  })

  it('pauses when it was hidden for long, and goes on where it was when it is seen', async () => {
    const world = createWorld()
    world.arrive()
    world.connection.setHidden(true)
    const speakFor = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 10_000) {
        await world.pass(10_000)
        world.hear(change({ version: `v${passed}` }))
      }
    }
    await speakFor(PAUSE_AFTER_MS - 10_000)
    world.connection.setHidden(false)
    world.connection.setHidden(true)
    // When it is seen it is asked whether it works.
    expect(world.socket().sent.at(-1)).toBe('ping')
    world.socket().onmessage?.({ data: 'pong' })
    await speakFor(PAUSE_AFTER_MS - 10_000)
    expect(world.last()?.kind).toBe('live')
    await world.pass(10_000)
    expect(world.last()).toMatchObject({ kind: 'paused' })
    expect(world.socket().isClosed).toBe(true)
    await world.pass(3_600_000)
    world.connection.retry()
    expect([world.sockets.length, world.requests.length]).toEqual([1, 0])
    world.connection.setHidden(false)
    expect(world.socket().url).toBe(`wss://events.example.com/v1/live?since=v${PAUSE_AFTER_MS - 20_000}`)
    world.hear(change())
    expect(world.last()).toEqual({ kind: 'live', by: 'socket' })
  })

  it('asks for other events at once, and again after a break', async () => {
    const world = createWorld()
    world.socket().onopen?.()
    world.hear(snapshot())
    const tail = { filters: ['event:is:page'], statuses: ['quarantined' as const] }
    world.connection.setTail(tail)
    expect(sentOf(world.socket()).at(-1)).toEqual({ type: 'tail', ...tail })
    world.socket().onclose?.()
    await world.pass(1_000)
    world.socket().onopen?.()
    expect(sentOf(world.socket())).toEqual([{ type: 'tail', ...tail }])
  })

  it('asks for everything anew when it is told to', () => {
    const world = createWorld()
    world.socket().onopen?.()
    world.hear(snapshot())
    world.hooks.onMessage = world.connection.refresh
    world.hear(change())
    // The new one is not open yet: nothing can be said there.
    expect(world.socket().sent).toEqual([])
    expect(world.sockets).toHaveLength(2)
    expect(world.sockets[0]?.isClosed).toBe(true)
    expect(world.socket().url).toBe('wss://events.example.com/v1/live')
    expect(world.last()?.kind).toBe('live')
  })

  it('tries at once when it is told to, and never again when it is closed', async () => {
    const world = createWorld()
    world.arrive()
    world.socket().onclose?.()
    world.connection.retry()
    expect(world.sockets).toHaveLength(2)
    expect(world.last()).toMatchObject({ kind: 'lost', retryAt: NOW })
    // One that is under way is not waited for.
    world.connection.retry()
    expect(world.sockets).toHaveLength(3)
    expect(world.sockets[1]?.isClosed).toBe(true)
    // One that works is asked whether it does.
    world.arrive()
    world.connection.retry()
    expect(world.sockets).toHaveLength(3)
    expect(world.socket().sent.at(-1)).toBe('ping')
    world.connection.close()
    expect(world.socket().isClosed).toBe(true)
    await world.pass(120_000)
    world.connection.retry()
    expect(world.sockets).toHaveLength(3)
  })
})

it.each([
  [1, 0, 500],
  [1, 1, 1_000],
  [3, 1, 4_000],
  [5, 0.5, 12_000],
  [60, 1, 30_000],
])('wait before try %i with chance %f is %i ms', (tries, random, expected) => {
  expect(waitBefore(tries, random)).toBe(expected)
})
