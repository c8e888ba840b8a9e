import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Recorder, startRecorder } from './recorder.ts'

let recorder: Recorder

beforeAll(async () => {
  recorder = await startRecorder(new Map([['one', 'window.sdk = 1']]))
})
beforeEach(async () => {
  await recorder.setMode({ kind: 'normal' })
  recorder.requests.length = 0
})
afterAll(() => recorder.stop())

const post = (run: string, signal: AbortSignal | null = null) =>
  fetch(`${recorder.origin}/v1/track`, {
    method: 'POST',
    headers: { origin: 'http://shop.example' },
    body: JSON.stringify({ messageId: 'k', properties: { i: 0, run } }),
    signal,
  })

test('an event is taken, counted, and readable across origins', async () => {
  const response = await post('taken')
  expect(response.status).toBe(200)
  expect(response.headers.get('access-control-allow-origin')).toBe('http://shop.example')
  expect(response.headers.get('access-control-expose-headers')).toBe('retry-after')
  expect(recorder.tally('taken')).toMatchObject({ unique: 1, requests: 1, bodyBytes: 52 })
})

test('an outage answers with its status and Retry-After, and what came then has not arrived', async () => {
  await recorder.setMode({ kind: 'status', status: 503, retryAfterSeconds: 5 })
  const response = await post('outage')
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
  expect(recorder.tally('outage')).toMatchObject({ unique: 0, requests: 1 })
})

test('settings are answered in an outage too', async () => {
  await recorder.setMode({ kind: 'status', status: 503 })
  const response = await fetch(`${recorder.origin}/v1/projects/dev/settings`)
  expect(await response.json()).toHaveProperty(['integrations', 'Segment.io'])
})

test('a hanging host never answers', async () => {
  await recorder.setMode({ kind: 'hang' })
  await expect(post('hang', AbortSignal.timeout(200))).rejects.toThrow(/timeout/)
  expect(recorder.tally('hang')).toMatchObject({ unique: 0, requests: 1 })
})

test('a host that is down refuses connections, and is back under the same address', async () => {
  await recorder.setMode({ kind: 'refuse' })
  await expect(post('down')).rejects.toThrow('fetch failed')
  await recorder.setMode({ kind: 'normal' })
  expect((await post('back')).status).toBe(200)
})

test.each([
  ['/page', 200, 'text/html'],
  ['/sdk.js', 200, 'text/javascript'],
])('a page has %s', async (path, status, type) => {
  const response = await fetch(recorder.pageUrl('one', path))
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toContain(type)
  expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin')
})

test('there is no page of an SDK that is not in the comparison', async () => {
  expect((await fetch(recorder.pageUrl('two'))).status).toBe(404)
})
