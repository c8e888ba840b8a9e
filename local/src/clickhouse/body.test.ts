import { once } from 'node:events'
import { createServer, request as openRequest } from 'node:http'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { joinBody, readBody, splitBody } from './body.ts'
import type { Encoding } from './request.ts'

const servers: ReturnType<typeof createServer>[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** What `readBody` makes of a body sent in pieces: its text, or its error. */
async function read(
  pieces: readonly (Buffer | string)[],
  options: { encoding?: Encoding; maxBytes?: number; isCut?: boolean } = {},
): Promise<unknown> {
  const { encoding, maxBytes = 1000, isCut = false } = options
  const server = createServer()
  const outcome = new Promise<unknown>((resolve) => {
    server.on('request', (request, response) => {
      splitBody(readBody(request, encoding, maxBytes), 1)
        .then(joinBody)
        .then((bytes) => bytes.toString())
        .then(resolve, resolve)
        .finally(() => response.end())
    })
  })
  servers.push(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const client = openRequest({
    port,
    host: '127.0.0.1',
    method: 'POST',
    headers: { 'transfer-encoding': 'chunked' },
  })
  client.on('error', () => {
    // Only what the server makes of it matters.
  })
  client.on('response', (response) => response.resume())
  for (const piece of pieces) {
    client.write(piece)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  if (isCut) client.destroy()
  else client.end()
  return outcome
}

test('body is read as it was sent', async () => {
  expect(await read(['a', 'b', 'c'])).toBe('abc')
  expect(await read([])).toBe('')
})

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
] as const)('body in %s is decoded', async (encoding, compress) => {
  const bytes = compress(Buffer.from('hello '.repeat(100)))
  expect(await read([bytes.subarray(0, 5), bytes.subarray(5)], { encoding })).toBe('hello '.repeat(100))
})

test('body is bounded as sent and as decoded', async () => {
  expect(await read(['x'.repeat(600), 'x'.repeat(600)])).toMatchObject({
    code: 229,
    type: 'QUERY_IS_TOO_LARGE',
  })
  const bomb = gzipSync(Buffer.alloc(1_000_000))
  expect(await read([bomb], { encoding: 'gzip', maxBytes: 10_000 })).toMatchObject({ code: 229 })
})

test('body that is not what its encoding says is an error', async () => {
  expect(await read(['hello'], { encoding: 'gzip' })).toMatchObject({ code: 271, type: 'CANNOT_DECOMPRESS' })
  const cut = gzipSync('hello'.repeat(100)).subarray(0, 20)
  expect(await read([cut], { encoding: 'gzip' })).toMatchObject({ code: 271 })
})

test.each([undefined, 'gzip'] as const)('body in %s that breaks off is no body', async (encoding) => {
  const piece = encoding === undefined ? 'hello' : gzipSync(Buffer.from('hello'.repeat(100))).subarray(0, 20)
  expect(await read([piece], { ...(encoding && { encoding }), isCut: true })).toMatchObject({
    name: 'ClientGoneError',
  })
})

test('split body is the head and the rest', async () => {
  async function* pieces() {
    for (const text of ['ab', 'cd', 'ef']) yield Buffer.from(text)
  }
  const split = await splitBody(pieces(), 3)
  expect([split.head.toString(), split.isWhole]).toEqual(['abcd', false])
  expect((await joinBody(split)).toString()).toBe('abcdef')
  const whole = await splitBody(pieces(), 100)
  expect([whole.head.toString(), whole.isWhole]).toEqual(['abcdef', true])
})
