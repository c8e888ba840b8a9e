/** What stock SDKs sent when they were captured, sent again: the same rows as from the SDKs themselves. */

import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestStack, type TestStack } from '../support/stack.ts'
import {
  eventsOf,
  GOLDEN_FOLDERS,
  type GoldenFolder,
  type GoldenRequest,
  goldenPerson,
  readGolden,
} from '../support/stock-golden.ts'
import { expectStored } from '../support/stock-rows.ts'

const FOLDERS = Object.keys(GOLDEN_FOLDERS) as GoldenFolder[]
const BROWSER_FOLDERS = FOLDERS.filter((folder) => folder.includes('browser'))

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack()
})
afterAll(() => stack.stop())

function requestsOf(folder: GoldenFolder, method: string): GoldenRequest[] {
  const requests = readGolden(folder).filter((request) => request.method === method)
  if (requests.length === 0) throw new Error(`${folder} has no ${method}`)
  return requests
}

async function send({ method, path, headers, body }: GoldenRequest): Promise<Response> {
  const bytes = headers['content-encoding'] === 'gzip' ? gzipSync(body) : body
  return fetch(`${stack.worker.url}${path}`, {
    method,
    headers,
    ...(method === 'POST' ? { body: bytes } : {}),
  })
}

it.each(FOLDERS)(
  'events of %s are in ClickHouse with their fields, once, one sent again too',
  async (folder) => {
    const requests = requestsOf(folder, 'POST')
    for (const request of requests) {
      const response = await send(request)
      expect(await response.json()).toEqual({ success: true })
    }
    const sent = eventsOf(requests)
    // As new as if just made, however old the file is: the clock of the day of capture cancels out.
    await expectStored(stack, { person: goldenPerson(folder), sent, calls: GOLDEN_FOLDERS[folder] })
  },
)

it.each(BROWSER_FOLDERS)('preflights of %s are allowed what they ask for', async (folder) => {
  for (const request of requestsOf(folder, 'OPTIONS')) {
    const { status, headers } = await send(request)
    expect(status).toBe(204)
    expect(['*', request.headers['origin']]).toContain(headers.get('access-control-allow-origin'))
    const allowed = (headers.get('access-control-allow-headers') ?? '').toLowerCase().split(/, */)
    const asked = request.headers['access-control-request-headers']?.split(',') ?? ['nothing was asked']
    expect(allowed).toEqual(expect.arrayContaining(asked))
  }
})

it.each(BROWSER_FOLDERS)('fetches of settings by %s are answered with this host', async (folder) => {
  for (const request of requestsOf(folder, 'GET')) {
    const response = await send(request)
    expect(response.status).toBe(200)
    expect(['*', request.headers['origin']]).toContain(response.headers.get('access-control-allow-origin'))
    expect(await response.text()).toContain(new URL(stack.worker.url).host)
  }
})
