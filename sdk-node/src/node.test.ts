/** The SDK over real sockets and in real processes: nothing is faked but the collector. */

import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { BatchAnswer, Receipt, WireBatch } from '@millrace/schemas/wire'
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest'
import packageJson from '../package.json' with { type: 'json' }
import { createMillrace } from './index.ts'
import type { EventReceipt } from './news.ts'
import { LIBRARY } from './version.ts'

type Handler = (attempt: number, request: IncomingMessage, response: ServerResponse) => void

/** A collector on a free port that keeps the batches it acknowledged. */
async function startCollector(handler: Handler = (_, __, response) => acknowledge(response)) {
  const batches: WireBatch[] = []
  let attempts = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      handler(++attempts, request, response)
      if (response.writableEnded && response.statusCode === 200)
        batches.push(parse(Buffer.concat(chunks), request))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the collector has no port')
  return { endpoint: `http://127.0.0.1:${address.port}`, batches }
}

function parse(body: Buffer, { headers }: IncomingMessage): WireBatch {
  const text = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
  return JSON.parse(text.toString()) as WireBatch
}

function acknowledge(response: ServerResponse): void {
  response.end(JSON.stringify({ success: true } satisfies BatchAnswer))
}

/** Runs a module text in a new process of this Node; resolves with its exit code, output and milliseconds. */
async function runScript(text: string): Promise<{ code: number | null; output: string; tookMs: number }> {
  const startedAt = performance.now()
  const url = new URL('./index.ts', import.meta.url).href
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', `import { createMillrace } from '${url}'\n${text}`],
    {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, output, tookMs: performance.now() - startedAt }
}

describe('over real sockets', () => {
  it('a collector that fails twice gets every event once, in order', async () => {
    const { endpoint, batches } = await startCollector((attempt, request, response) => {
      response.statusCode = attempt === 2 ? 503 : 200
      if (attempt === 1) request.socket.destroy()
      else acknowledge(response)
    })
    const client = createMillrace({
      writeKey: 'wk',
      endpoint,
      flushAt: 100,
      maxBatchEvents: 100,
      gzip: false,
      flushOnExit: false,
    })
    for (let i = 1; i <= 250; i += 1) client.track({ userId: 'u', event: `E${i}` })
    expect(await client.close()).toMatchObject({ delivered: 250, dropped: 0, pending: 0 })
    const names = batches.flatMap(({ batch }) => batch.map(({ event }) => event))
    expect(names).toEqual(Array.from({ length: 250 }, (_, index) => `E${index + 1}`))
    expect(batches.map(({ firstSeq }) => firstSeq)).toEqual([1, 101, 201])
    expect(client.stats()).toMatchObject({ requests: 5, retries: 2 })
  })

  it('a collector that is not there is named in the retry notice', async () => {
    const messages: string[] = []
    const client = createMillrace({
      writeKey: 'wk',
      endpoint: 'http://127.0.0.1:9',
      maxRetries: 0,
      fetch,
    })
    client.on('error', ({ message }) => messages.push(message))
    client.track({ userId: 'u', event: 'E' })
    await client.close()
    // Port 9 is on the list of ports that fetch refuses; a refused connection reads "connect ECONNREFUSED".
    expect(messages).toEqual([expect.stringMatching(/^gave up on 1 event: (bad port|connect ECONNREFUSED)/)])
  })
})

describe('in a process of its own', () => {
  it('events are delivered when the process comes to its natural end', async () => {
    const { endpoint, batches } = await startCollector()
    const { code, output, tookMs } = await runScript(`
      const client = createMillrace({ writeKey: 'wk', endpoint: '${endpoint}', flushIntervalMs: 60000 })
      for (let i = 0; i < 1000; i += 1) client.track({ userId: 'u', event: 'E' })`)
    expect([code, output]).toEqual([0, ''])
    expect(batches.reduce((sum, { batch }) => sum + batch.length, 0)).toBe(1_000)
    expect(tookMs).toBeLessThan(10_000)
  })

  it('a client with nothing to send does not hold the process', async () => {
    const { code } = await runScript(`createMillrace({ writeKey: 'wk', endpoint: 'http://127.0.0.1:1' })`)
    expect(code).toBe(0)
  })

  it('events are delivered in a runtime that has none of the globals of Node', async () => {
    // Node's own fetch and Headers need them; those of a Worker do not.
    const { output } = await runScript(`
      const { log } = console
      for (const name of ['Buffer', 'process', 'setImmediate', 'clearImmediate', 'global']) delete globalThis[name]
      const answer = { status: 200, headers: { get: () => null }, text: async () => '{"success":true}' }
      const fetch = async (_, { headers }) => (log(headers.authorization), answer)
      const client = createMillrace({ writeKey: 'wk', endpoint: 'https://events.test', fetch })
      client.track({ userId: 'u', event: 'E' })
      client.close().then(({ delivered }) => log('delivered', delivered))`)
    expect(output).toBe(`Basic ${btoa('wk:')}\ndelivered 1\n`)
  })

  it('slow answers hold the end of the process for one request and exitTimeoutMs, not for the whole queue', async () => {
    const { endpoint } = await startCollector((_, __, response) => {
      setTimeout(() => acknowledge(response), 1_500)
    })
    const { code, output } = await runScript(`
      const options = { flushAt: 1, maxBatchEvents: 1, exitTimeoutMs: 500 }
      const client = createMillrace({ writeKey: 'wk', endpoint: '${endpoint}', ...options })
      client.on('error', ({ code }) => console.log(code))
      for (let i = 0; i < 4; i += 1) client.track({ userId: 'u', event: 'E' })
      process.on('exit', () => console.log(JSON.stringify(client.stats())))`)
    expect(code).toBe(0)
    const lines = output.trim().split('\n')
    expect(lines.slice(0, -1)).toEqual(['undelivered', 'undelivered', 'undelivered'])
    // The first was answered, the second cut off by exitTimeoutMs, and the others never left.
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ delivered: 1, requests: 2, pending: 0 })
  })

  it('a callback that rejects and options that throw leave no unhandled rejection', async () => {
    const { endpoint } = await startCollector()
    const { code, output } = await runScript(`
      const boom = async () => { throw new Error('boom') }
      let calls = 0
      const now = () => { if (++calls === 4) throw new Error('no time'); return Date.now() }
      const options = { now, flushAt: 1, maxBatchEvents: 1 }
      const client = createMillrace({ writeKey: 'wk', endpoint: '${endpoint}', ...options })
      for (const name of ['error', 'retry', 'drop', 'receipt']) client.on(name, boom)
      for (let i = 0; i < 3; i += 1) client.track({ userId: 'u', event: 'E' }, boom)
      process.on('exit', () => console.log(client.stats().delivered))`)
    expect([code, output]).toEqual([0, '2\n'])
  })

  it('a flush that waits for a retry holds the process', async () => {
    const { endpoint } = await startCollector((attempt, _, response) => {
      response.statusCode = attempt === 1 ? 503 : 200
      acknowledge(response)
    })
    const { output } = await runScript(`
      const client = createMillrace({ writeKey: 'wk', endpoint: '${endpoint}', flushOnExit: false })
      client.track({ userId: 'u', event: 'E' })
      client.flush().then(({ delivered }) => console.log('delivered', delivered))`)
    expect(output).toBe('delivered 1\n')
  })

  it('a collector that is down holds the end of the process for exitTimeoutMs at most', async () => {
    const { code, output } = await runScript(`
      const client = createMillrace({ writeKey: 'wk', endpoint: 'http://127.0.0.1:1', exitTimeoutMs: 200 })
      client.track({ userId: 'u', event: 'E' })`)
    expect(code).toBe(0)
    expect(JSON.parse(output)).toMatchObject({ code: 'undelivered', dropped: 1 })
  })
})

describe('compared with the rest of the workspace', () => {
  it('the library is named as in package.json', () => {
    expect(LIBRARY).toEqual({ name: packageJson.name, version: packageJson.version })
  })

  it('receipts have the statuses of the wire', () => {
    expectTypeOf<EventReceipt['status']>().toEqualTypeOf<Receipt['status']>()
    expectTypeOf<Receipt['reason']>().toExtend<EventReceipt['reason']>()
  })
})
