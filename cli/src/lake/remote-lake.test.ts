import { createHash } from 'node:crypto'
import { createManifest, encodeManifest } from '@millrace/schemas/lake'
import { describe, expect, it } from 'vitest'
import { openRemoteLake, type RemoteLakeOptions } from './remote-lake.ts'

const PATH = 'events/source=shop/date=2026-11-21/hour=11/bucket-0.parquet'
const MANIFEST = encodeManifest(createManifest('shop'))
const sha256 = createHash('sha256').update('content').digest('hex')

type Reply = (signal: AbortSignal) => Response | Promise<Response>

/** A lake whose collector answers so, one after the other; the last answer again and again. */
function openFake(replies: readonly Reply[], options: Partial<RemoteLakeOptions> = {}) {
  const asked: string[] = []
  const waits: number[] = []
  const notices: string[] = []
  const lake = openRemoteLake({
    endpoint: 'http://collector.example/base/',
    source: 'shop',
    readToken: 'token',
    async fetch(url, { headers, signal }) {
      asked.push(`${url} ${headers['authorization']}`)
      const reply = replies[Math.min(asked.length, replies.length) - 1]
      if (reply === undefined) throw new Error('no reply')
      return reply(signal)
    },
    random: () => 1,
    sleep: async (ms) => void waits.push(ms),
    onNotice: (message) => void notices.push(message),
    ...options,
  })
  return { lake, asked, waits, notices }
}

const refuse =
  (status: number, code: string, headers: Record<string, string> = {}) =>
  () =>
    new Response(JSON.stringify({ success: false, code, message: `because ${code}` }), { status, headers })
const away = () => {
  throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })
}

describe('a remote lake', () => {
  it('asks for its manifest and files with the token in the header', async () => {
    const { lake, asked } = openFake([() => new Response(MANIFEST), () => new Response('content')])
    expect(await lake.readManifest()).toEqual(createManifest('shop'))
    const counts: number[] = []
    const bytes = await lake.readFile(PATH, { sha256, onBytes: (count) => void counts.push(count) })
    expect([new TextDecoder().decode(bytes), counts]).toEqual(['content', [7]])
    expect(asked).toEqual([
      'http://collector.example/base/v1/lake/manifest?source=shop Bearer token',
      'http://collector.example/base/v1/lake/files/date=2026-11-21/hour=11/bucket-0.parquet Bearer token',
    ])
  })

  it('tries again what may pass, after growing waits or as it is told', async () => {
    const { lake, waits, notices } = openFake([
      away,
      refuse(503, 'temporarily_unavailable', { 'retry-after': '5' }),
      refuse(429, 'rate_limited'),
      () => new Response(MANIFEST),
    ])
    await lake.readManifest()
    expect(waits).toEqual([1_000, 5_000, 4_000])
    expect(notices[0]).toBe(
      'cannot read the manifest from http://collector.example/base/: connect ECONNREFUSED; next try in 1.0 s',
    )
  })

  it('gives up after six tries', async () => {
    const { lake, asked } = openFake([away])
    await expect(lake.readManifest()).rejects.toMatchObject({ name: 'RemoteLakeError', code: 'unreachable' })
    expect(asked).toHaveLength(6)
  })

  it.each([
    [
      refuse(401, 'unknown_read_token'),
      'refused',
      'cannot read the manifest: because unknown_read_token (HTTP 401)',
    ],
    [refuse(403, 'wrong_source'), 'refused', 'cannot read the manifest: because wrong_source (HTTP 403)'],
    [refuse(404, 'not_found'), 'refused', 'because not_found'],
    [() => new Response('<h1>hi', { status: 404 }), 'refused', 'does not answer as a Millrace collector'],
    [() => new Response('<h1>hi'), 'unreadable', 'cannot be read: it is no JSON'],
    [() => new Response(encodeManifest(createManifest('blog'))), 'unreadable', 'it is not the list of'],
  ] as const)('takes no for an answer: %#', async (reply, code, message) => {
    const { lake, asked } = openFake([reply])
    await expect(lake.readManifest()).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    })
    expect(asked).toHaveLength(1)
  })

  it('tells a file that is gone from one with other content', async () => {
    const gone = openFake([refuse(404, 'no_such_file')])
    await expect(gone.lake.readFile(PATH, { sha256 })).rejects.toMatchObject({ code: 'missing' })
    const other = openFake([() => new Response('other')])
    await expect(other.lake.readFile(PATH, { sha256 })).rejects.toMatchObject({ code: 'mismatch' })
    expect(other.asked).toHaveLength(3)
    const once = openFake([() => new Response('other'), () => new Response('content')])
    expect((await once.lake.readFile(PATH, { sha256 })).byteLength).toBe(7)
  })

  it('gives up an answer that stands still', async () => {
    const stuck: Reply = (signal) =>
      new Response(
        new ReadableStream({
          start: (controller) => {
            controller.enqueue(new Uint8Array(1))
            signal.addEventListener('abort', () => controller.error(signal.reason))
          },
        }),
      )
    const { lake, notices } = openFake([stuck, () => new Response('content')], { stallMs: 20 })
    await lake.readFile(PATH, { sha256 })
    expect(notices).toEqual([expect.stringContaining('nothing came for 0.02 s; next try in 1.0 s')])
  })

  it('ends with the reason of the signal, while it waits too', async () => {
    const controller = new AbortController()
    const { lake } = openFake([away], {
      signal: controller.signal,
      sleep: async (_, signal) => {
        controller.abort(new Error('enough'))
        signal?.throwIfAborted()
      },
    })
    await expect(lake.readManifest()).rejects.toThrow('enough')
  })

  it('asks for no file of another source', async () => {
    const { lake } = openFake([() => new Response('content')])
    const path = PATH.replace('shop', 'blog')
    await expect(lake.readFile(path, { sha256 })).rejects.toThrow(RangeError)
  })
})
