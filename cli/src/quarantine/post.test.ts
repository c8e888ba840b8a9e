import { describe, expect, it } from 'vitest'
import { createPoster } from './post.ts'

type Answer = { status: number; body?: unknown; retryAfter?: string } | Error

const TAKEN: Answer = { status: 200, body: { success: true, accepted: 1, receipts: [] } }

/** A poster whose nth request gets the nth answer, the last one for ever, and whose waits take no time. */
function createFake(...answers: Answer[]) {
  const requests: { url: string; key: string | undefined }[] = []
  const waits: number[] = []
  const notices: string[] = []
  const interruption = new AbortController()
  const post = createPoster({
    endpoint: 'http://collector.example/',
    secretKey: 'secret',
    signal: interruption.signal,
    onNotice: (message) => void notices.push(message),
    sleep: async (ms, signal) => {
      waits.push(ms)
      signal.throwIfAborted()
    },
    async fetch(url, { headers }) {
      requests.push({ url, key: headers['authorization'] })
      const answer = answers[Math.min(requests.length, answers.length) - 1] ?? TAKEN
      if (answer instanceof Error) throw answer
      const { status, body, retryAfter } = answer
      return new Response(typeof body === 'string' ? body : JSON.stringify(body ?? {}), {
        status,
        headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
      })
    },
  })
  return { post, requests, waits, notices, interruption }
}

describe('createPoster', () => {
  it('posts with the secret key and gives the answer', async () => {
    const receipt = { index: 0, status: 'quarantined', reason: 'plan_violation' }
    const { post, requests } = createFake({
      status: 200,
      body: { success: true, accepted: 3, receipts: [receipt] },
    })
    expect(await post('{}')).toEqual({ accepted: 3, receipts: [receipt] })
    expect(requests).toEqual([{ url: 'http://collector.example/v1/replay', key: `Basic ${btoa('secret:')}` }])
  })

  it.each<[string, Answer, number]>([
    ['429 with Retry-After', { status: 429, retryAfter: '7' }, 7_000],
    ['503 with Retry-After', { status: 503, retryAfter: '2' }, 2_000],
    ['a Retry-After of hours', { status: 503, retryAfter: '86400' }, 300_000],
    ['429 without', { status: 429 }, 500],
    ['500', { status: 500 }, 500],
    ['no answer', new TypeError('fetch failed'), 500],
  ])('waits and tries again after %s', async (_what, answer, waitMs) => {
    const { post, waits, notices } = createFake(answer, TAKEN)
    expect(await post('{}')).toMatchObject({ accepted: 1 })
    expect(waits).toEqual([waitMs])
    expect(notices).toEqual([expect.stringContaining(`next try in ${(waitMs / 1_000).toFixed(1)} s`)])
  })

  it.each<[string, Answer, string]>([
    ['a wrong key', { status: 401, body: { message: 'unknown key' } }, 'HTTP 401: unknown key'],
    ['a page that is no collector', { status: 200, body: '<html>' }, 'but not as a Millrace collector'],
    ['an answer to something else', { status: 200, body: { success: true } }, 'but not as a Millrace'],
  ])('gives up at once after %s', async (_what, answer, message) => {
    const { post, requests } = createFake(answer)
    await expect(post('{}')).rejects.toThrow(message)
    expect(requests.length).toBe(1)
  })

  it('gives up after eight tries, each wait longer than the one before', async () => {
    const { post, requests, waits } = createFake({ status: 503, body: { message: 'busy' } })
    await expect(post('{}')).rejects.toThrow('HTTP 503: busy')
    expect(requests.length).toBe(8)
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000])
  })

  it('ends when it is interrupted', async () => {
    const { post, requests, interruption } = createFake(new TypeError('fetch failed'))
    interruption.abort()
    await expect(post('{}')).rejects.toThrow(/abort/i)
    expect(requests.length).toBe(1)
  })
})
