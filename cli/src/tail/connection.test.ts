import { describe, expect, it } from 'vitest'
import { type LivePart, type LiveRequest, readLive } from './connection.ts'
import { createFakeLive } from './fake-live.ts'

function prepare(rest: Partial<LiveRequest> = {}) {
  const live = createFakeLive()
  const stopping = new AbortController()
  const parts = readLive({
    endpoint: 'http://127.0.0.1:8787/',
    wishes: new URLSearchParams({ only: 'events' }),
    readToken: 'secret',
    fetch: live.fetch,
    signal: stopping.signal,
    ...rest,
  })
  return { ...live, stopping, parts, next: async () => (await parts.next()).value as LivePart }
}

async function collect(parts: AsyncIterable<LivePart>): Promise<LivePart[]> {
  const all: LivePart[] = []
  for await (const part of parts) all.push(part)
  return all
}

describe('a connection to the live stream', () => {
  it('asks for server-sent events, with the token in a header alone', async () => {
    const { next, connection } = prepare({ lastEventId: 'e.7' })
    const first = next()
    const { url, headers, send } = await connection(0)
    send('data: x\n\n')
    await first
    expect(url.href).toBe('http://127.0.0.1:8787/v1/live?only=events')
    expect(headers).toEqual({
      authorization: 'Bearer secret',
      accept: 'text/event-stream',
      'last-event-id': 'e.7',
    })
  })

  it('gives each event, and says that the collector closed it', async () => {
    const { parts, connection } = prepare()
    const all = collect(parts)
    const { send, end } = await connection(0)
    send('data: a\n\ndata: b\n')
    send('\n')
    end()
    expect(await all).toEqual([
      { kind: 'event', event: { type: 'message', data: 'a', lastEventId: '' } },
      { kind: 'event', event: { type: 'message', data: 'b', lastEventId: '' } },
      { kind: 'cut', message: 'the collector closed it' },
    ])
  })

  it('says why it broke', async () => {
    const { next, connection } = prepare()
    const end = next()
    ;(await connection(0)).end(new TypeError('terminated', { cause: new Error('other side closed') }))
    expect(await end).toEqual({ kind: 'cut', message: 'other side closed' })
  })

  it('is closed when it is stopped, and when nobody takes any more', async () => {
    const stopped = prepare()
    const end = stopped.next()
    const connection = await stopped.connection(0)
    stopped.stopping.abort()
    expect(await end).toEqual({ kind: 'stopped' })
    expect(connection.isClosed()).toBe(true)

    const left = prepare()
    const first = left.next()
    const other = await left.connection(0)
    other.send('data: x\n\n')
    await first
    expect(other.isClosed()).toBe(false)
    await left.parts.return()
    expect(other.isClosed()).toBe(true)
  })

  it('counts as cut when nothing comes, which it does not while nobody takes', async () => {
    const { next, connection } = prepare({ stallMs: 50 })
    const first = next()
    const { send, isClosed } = await connection(0)
    send('data: a\n\ndata: b\n\n')
    await first
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(await next()).toMatchObject({ event: { data: 'b' } })
    expect(await next()).toEqual({ kind: 'cut', message: 'nothing came for 0.05 s' })
    expect(isClosed()).toBe(true)
  })

  it.each([
    [
      400,
      { message: 'filter x is wrong' },
      { kind: 'refused', isMistake: true, message: 'filter x is wrong' },
    ],
    [401, { message: 'no' }, { kind: 'refused', isMistake: false, message: 'no (HTTP 401)' }],
    [403, { message: 'no' }, { kind: 'refused', isMistake: false, message: 'no (HTTP 403)' }],
    [404, 'hello', { kind: 'refused', isMistake: false, message: NO_COLLECTOR(404) }],
    [400, null, { kind: 'refused', isMistake: false, message: NO_COLLECTOR(400) }],
    [200, {}, { kind: 'refused', isMistake: false, message: NO_COLLECTOR(200) }],
    [302, {}, { kind: 'refused', isMistake: false, message: NO_COLLECTOR(302) }],
    [503, { message: 'later' }, { kind: 'cut', message: 'later (HTTP 503)', retryAfterMs: 5_000 }],
    [429, {}, { kind: 'cut', message: NO_COLLECTOR(429), retryAfterMs: 5_000 }],
  ])('ends after %i %j', async (status, body, end) => {
    const { next, order } = prepare()
    order({ status, body, headers: { 'retry-after': '5' } })
    expect(await next()).toEqual(end)
  })

  it('says that nobody is there', async () => {
    const { next, order } = prepare()
    order(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') }))
    expect(await next()).toEqual({
      kind: 'cut',
      message: 'no collector answers at http://127.0.0.1:8787/: connect ECONNREFUSED',
    })
  })
})

function NO_COLLECTOR(status: number): string {
  return `http://127.0.0.1:8787/ does not answer as a Millrace collector (HTTP ${status})`
}
