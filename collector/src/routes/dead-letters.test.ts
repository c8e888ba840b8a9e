import { env } from 'cloudflare:workers'
import { decodeEnvelope, encodeEnvelopes, wrapMessage } from '@millrace/schemas'
import { beforeEach, describe, expect, it } from 'vitest'
import { createCollector, NOW } from '../fakes.ts'
import type { DeadLetterStore } from './dead-letters.ts'

const SECRET = { authorization: 'Bearer sk' }

const textOf = (source: string, event = 'x') => {
  const head = { source, route: 'batch' as const, receivedAt: NOW, batchId: 'b' }
  const events = [JSON.stringify({ messageId: `${event}-1`, type: 'track', timestamp: NOW, event })]
  return encodeEnvelopes(head, { events, quarantined: [], omitted: [] })[0] ?? ''
}

/** A letter as the consumers archive it; `metadata` is what they know beyond id, sink and error. */
async function bury(name: string, source: string, metadata: Record<string, string> = { source }) {
  const key = `dead/2026-11-21/${name}.json`
  const error = 'Code: 469. no_poison'
  const text = wrapMessage({ sink: 'warehouse', error, messageId: `q-${name}` }, textOf(source, name))
  await env.LAKE.put(key, text, {
    customMetadata: { messageId: `q-${name}`, sink: 'warehouse', error, ...metadata },
  })
  return key
}

async function buryUnreadable(name: string, sink: string) {
  const key = `dead/2026-11-21/${name}.json`
  const customMetadata = { messageId: name, sink, error: 'it quotes {"email":"a@b"}' }
  await env.LAKE.put(key, 'garbage', { customMetadata })
  return key
}

async function buryPart(source: string) {
  const key = `dead/parts/source=${source}/1795330800000-ab.parquet`
  await env.LAKE.put(key, 'bytes', { customMetadata: { source, error: 'not Parquet', rows: '7' } })
  return key
}

const keysOf = async (prefix: string) => (await env.LAKE.list({ prefix })).objects.map(({ key }) => key)

/** A queue that keeps what it takes; `decide` may fail a call, by its number from 1. */
function createQueue(decide: (call: number) => void = () => {}) {
  const sent: string[] = []
  let calls = 0
  return {
    sent,
    calls: () => calls,
    async sendBatch(messages: { body: string }[]) {
      decide(++calls)
      sent.push(...messages.map(({ body }) => body))
    },
  }
}

function createRoutes(store: Partial<DeadLetterStore> = {}) {
  const { app, logged } = createCollector({
    deadLetters: { bucket: env.LAKE, queue: createQueue(), ...store },
  })
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await app.request(path, { headers: SECRET, ...init })
    return { status: response.status, body: await response.json<Record<string, never>>() }
  }
  const replay = (keys: unknown) => ask('/v1/dead/replay', { method: 'POST', body: JSON.stringify({ keys }) })
  return { ask, replay, logged }
}

beforeEach(async () => {
  for (const prefix of ['dead/', 'parts/']) {
    const keys = await keysOf(prefix)
    if (keys.length > 0) await env.LAKE.delete(keys)
  }
})

describe('the list of dead letters', () => {
  it('has what is known of each of the source, in the order of keys, and nothing of another', async () => {
    await bury('b', 'shop', { source: 'shop', kind: 'refused', events: '1' })
    await bury('a', 'blog')
    await buryPart('blog')
    const part = await buryPart('shop')
    await env.LAKE.put('dead/notes.txt', 'somebody else’s')
    const { status, body } = await createRoutes().ask('/v1/dead')
    expect([status, body]).toEqual([
      200,
      {
        success: true,
        letters: [
          {
            key: 'dead/2026-11-21/b.json',
            kind: 'refused',
            source: 'shop',
            sink: 'warehouse',
            error: 'Code: 469. no_poison',
            messageId: 'q-b',
            events: 1,
            bytes: expect.any(Number),
            storedAt: expect.stringMatching(/^\d{4}-.*Z$/),
          },
          {
            key: part,
            kind: 'part',
            source: 'shop',
            error: 'not Parquet',
            events: 7,
            bytes: 5,
            storedAt: expect.any(String),
          },
        ],
      },
    ])
  })

  it('reads a letter whose metadata does not say whose it is', async () => {
    await bury('old', 'shop', {})
    await bury('older', 'blog', {})
    const { body } = await createRoutes().ask('/v1/dead')
    expect(body['letters']).toMatchObject([{ source: 'shop', sink: 'warehouse', events: 1 }])
    expect(body['letters']?.[0]).not.toHaveProperty('kind')
  })

  it('has what nobody can read for everybody, without what a sink said of it', async () => {
    await buryUnreadable('m1', 'warehouse')
    await buryUnreadable('m2', '')
    const { body } = await createRoutes().ask('/v1/dead')
    expect(body['letters']).toMatchObject([
      { kind: 'unreadable', messageId: 'm1', error: 'no Worker here can read it' },
      { kind: 'unreadable', messageId: 'm2', error: 'it quotes {"email":"a@b"}' },
    ])
    expect(JSON.stringify(body)).not.toContain('garbage')
  })

  it('comes page by page, also past letters of others and more than R2 tells at once', async () => {
    const names = Array.from({ length: 130 }, (_, n) => String(n).padStart(3, '0'))
    await Promise.all(names.map((name, n) => bury(name, n % 2 === 0 ? 'shop' : 'blog')))
    await buryPart('shop')
    const { ask } = createRoutes()
    const seen: string[] = []
    const sizes: number[] = []
    let after = ''
    do {
      const page = (await ask(`/v1/dead?limit=25${after}`)).body as {
        letters?: { key: string }[]
        next?: string
      }
      seen.push(...(page.letters ?? []).map(({ key }) => key))
      sizes.push(page.letters?.length ?? 0)
      after = page.next === undefined ? '' : `&after=${encodeURIComponent(page.next)}`
    } while (after !== '')
    expect(sizes).toEqual([25, 25, 16])
    expect(new Set(seen).size).toBe(66)
    expect(seen.at(-1)).toContain('dead/parts/')
  })

  it('ends a page that took enough work, and goes on behind it', async () => {
    const names = Array.from({ length: 60 }, (_, n) => String(n).padStart(3, '0'))
    await Promise.all(names.map((name) => bury(name, 'blog', {})))
    await bury('999', 'shop', {})
    const { ask } = createRoutes()
    const first = (await ask('/v1/dead')).body
    expect(first).toEqual({ success: true, letters: [], next: 'dead/2026-11-21/049.json' })
    const { body } = await ask(`/v1/dead?after=${first['next']}`)
    expect(body).toMatchObject({ letters: [{ key: 'dead/2026-11-21/999.json' }] })
    expect(body).not.toHaveProperty('next')
  })

  it.each(['limit=0', 'limit=1001', 'limit=x', 'after=x', `after=dead/${'x'.repeat(2_000)}`])(
    'is not told for %.40s',
    async (query) => {
      const { status, body } = await createRoutes().ask(`/v1/dead?${query}`)
      expect([status, body['code']]).toEqual([400, 'invalid_request'])
    },
  )
})

describe('a dead letter that is asked for', () => {
  it('is told with the envelope in it', async () => {
    const key = await bury('b', 'shop', {})
    const { status, body } = await createRoutes().ask(`/v1/${key}`)
    expect(status).toBe(200)
    expect(body['letter']).toMatchObject({
      key,
      sink: 'warehouse',
      envelope: { source: 'shop', batchId: 'b', events: [{ messageId: 'b-1', event: 'b' }] },
    })
  })

  it('is told without content when nobody can read it, and when it is a part', async () => {
    const { ask } = createRoutes()
    for (const key of [await buryUnreadable('m', ''), await buryPart('shop')]) {
      const { status, body } = await ask(`/v1/${key}`)
      expect([status, body['letter']?.['key']]).toEqual([200, key])
      expect(body['letter']).not.toHaveProperty('envelope')
    }
  })

  it('is not there when it is of another source, or is none', async () => {
    const { ask } = createRoutes()
    const keys = [await bury('b', 'blog'), await bury('c', 'blog', {}), await buryPart('blog')]
    const others = ['dead/2026-11-21/none.json', 'dead/x', 'dead/../spill/1-0', `dead/${'x'.repeat(2_000)}`]
    for (const key of [...keys, ...others]) {
      const { status, body } = await ask(`/v1/dead/${encodeURIComponent(key.slice('dead/'.length))}`)
      expect([status, body['code'], key]).toEqual([404, 'not_found', key])
    }
    for (const path of ['%', '%ff', '%00', '__proto__', '..%2fspill', 'parts/source=..%2f/1.parquet']) {
      expect(await ask(`/v1/dead/${path}`)).toMatchObject({ status: 404, body: { code: 'not_found' } })
    }
  })
})

describe('a replay of dead letters', () => {
  it('sends each message as it was, removes the letters, and tells what became of each key', async () => {
    const queue = createQueue()
    const keys = [await bury('a', 'shop'), await bury('b', 'shop', {}), await bury('c', 'blog')]
    const unreadable = await buryUnreadable('m', '')
    const { replay, logged } = createRoutes({ queue })
    const { status, body } = await replay([...keys, ...keys, unreadable, 'spill/x', 'dead/none'])
    expect([status, body]).toEqual([
      200,
      {
        success: true,
        replayed: 2,
        notFound: 3,
        failed: 1,
        results: [
          { key: keys[0], status: 'replayed' },
          { key: keys[1], status: 'replayed' },
          { key: keys[2], status: 'not_found' },
          { key: unreadable, status: 'failed', error: expect.stringContaining('can read it') },
          { key: 'spill/x', status: 'not_found' },
          { key: 'dead/none', status: 'not_found' },
        ],
      },
    ])
    expect(queue.sent).toEqual([textOf('shop', 'a'), textOf('shop', 'b')])
    expect(queue.sent.every((text) => decodeEnvelope(text).ok)).toBe(true)
    expect(await keysOf('dead/')).toEqual([keys[2], unreadable])
    expect(logged).toMatchObject([{ event: 'dead_letters_replayed', replayed: 2, notFound: 3, failed: 1 }])
  })

  it('keeps what the queue does not take, and does not ask it again', async () => {
    const names = Array.from({ length: 45 }, (_, n) => String(n).padStart(3, '0'))
    const keys = await Promise.all(names.map((name) => bury(name, 'shop')))
    const queue = createQueue((call) => {
      if (call === 2) throw new Error('too many requests')
    })
    const { body } = await createRoutes({ queue }).replay(keys)
    expect(body).toMatchObject({ replayed: 20, notFound: 0, failed: 25 })
    expect(body['results']?.[44]).toEqual({ key: keys[44], status: 'failed', error: 'too many requests' })
    expect([await keysOf('dead/'), queue.calls()]).toEqual([keys.slice(20), 2])
  })

  it('moves a part back to where the lake looks for it', async () => {
    const { replay } = createRoutes()
    const [own, other] = [await buryPart('shop'), await buryPart('blog')]
    const { body } = await replay([own, other])
    expect(body).toMatchObject({ replayed: 1, notFound: 1, failed: 0 })
    expect(await keysOf('parts/')).toEqual(['parts/source=shop/1795330800000-ab.parquet'])
    const part = await env.LAKE.get('parts/source=shop/1795330800000-ab.parquet')
    expect([await part?.text(), part?.customMetadata]).toEqual(['bytes', { rows: '7' }])
    expect(await keysOf('dead/')).toEqual([other])
  })

  it('says so when a letter is on the queue again and still there', async () => {
    const key = await bury('a', 'shop')
    const bucket = {
      get: (wanted: string) => env.LAKE.get(wanted),
      delete: () => Promise.reject(new Error('away')),
    } as unknown as DeadLetterStore['bucket']
    const { body } = await createRoutes({ bucket }).replay([key])
    expect(body).toMatchObject({
      replayed: 0,
      results: [{ error: 'it is on the queue again, but could not be removed: away' }],
    })
  })

  it.each([[undefined], [[]], ['dead/x'], [[5]], [['']], [Array.from({ length: 101 }, () => 'x')]])(
    'is not taken of %.40j',
    async (keys) => {
      const { status, body } = await createRoutes().replay(keys)
      expect([status, body['code']]).toEqual([400, 'invalid_request'])
    },
  )
})

describe('the routes of dead letters', () => {
  const paths = ['/v1/dead', '/v1/dead/2026-11-21/a.json', '/v1/dead/replay']
  const methodOf = (path: string) => (path.endsWith('replay') ? 'POST' : 'GET')

  it.each(paths)('take no write key, and no key of another source: %s', async (path) => {
    const { ask } = createRoutes()
    const method = methodOf(path)
    const refusals = await Promise.all([
      ask(path, { method, headers: {} }),
      ask(path, { method, headers: { authorization: 'Bearer wk' } }),
      ask(`${path}?source=blog`, { method }),
    ])
    expect(refusals.map(({ status, body }) => [status, body['code']])).toEqual([
      [401, 'missing_write_key'],
      [403, 'secret_key_required'],
      [403, 'wrong_source'],
    ])
  })

  it('are to be asked again when R2 is away, or there is none', async () => {
    const away = () => Promise.reject(new Error('away'))
    const bucket = { list: away, get: away, head: away } as unknown as DeadLetterStore['bucket']
    const { ask, logged } = createRoutes({ bucket })
    const { app } = createCollector()
    for (const path of ['/v1/dead', '/v1/dead/2026-11-21/a.json']) {
      expect(await ask(path)).toMatchObject({ status: 503, body: { code: 'temporarily_unavailable' } })
      expect((await app.request(path, { headers: SECRET })).status).toBe(503)
    }
    expect(logged).toMatchObject([{ event: 'dead_letters_unreadable' }, { error: 'Error: away' }])
  })
})
