/** Bad input through the whole stack: every good event beside it is in ClickHouse once, what is refused is in quarantine. */

import { request } from 'node:http'
import { connect } from 'node:net'
import { deflateSync, gzipSync } from 'node:zlib'
import { byteLength, MAX_RAW_BYTES } from '@millrace/schemas'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { batchText, goodEvent, nest } from '../../collector/src/bad-input-cases.ts'
import { HOSTILE_EVENTS } from '../../collector/src/bad-input-events.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack()
})
afterAll(() => stack.stop())

/** Wins over the key that {@link batchText} writes into a body. */
const KEY = { authorization: 'Bearer dev' }

const post = (body: string) => fetch(`${stack.worker.url}/v1/batch`, { method: 'POST', body, headers: KEY })

/** Resolves once everything posted before is in ClickHouse: the local queue hands on in order, and what is refused goes in last. */
async function settle(): Promise<void> {
  const id = `marker-${crypto.randomUUID()}`
  await post(batchText([goodEvent(id), 'null'], `"stream":"${id}","firstSeq":1,`))
  await waitFor(async () => (await findGood()).includes(id) && (await findRefused()).has(id))
}

/** Ids of the good events in ClickHouse, one for each row. */
async function findGood(): Promise<string[]> {
  const query = "SELECT message_id AS id FROM events FINAL WHERE event = 'Good'"
  return (await stack.query<{ id: string }>(query)).map(({ id }) => id)
}

interface Refused {
  stream: string
  seq: number
  reason: string
  raw: string
  raw_bytes: number
}

/** Rows of the quarantine by their stream. */
async function findRefused(): Promise<Map<string, Refused>> {
  const rows = await stack.query<Refused>('SELECT stream, seq, reason, raw, raw_bytes FROM quarantine FINAL')
  return new Map(rows.map((row) => [row.stream, row]))
}

function findFaultsOfOurs(): string[] {
  return stack.workerLog.filter((line) => /"level":"error"|Uncaught|RangeError/.test(line))
}

describe('hostile events, each between two good ones', () => {
  const batches = HOSTILE_EVENTS.map(([what, text, outcome], i) => {
    const events = [goodEvent(`before-${i}`), text, goodEvent(`after-${i}`)]
    return { what, text, outcome, body: batchText(events, `"stream":"hostile-${i}","firstSeq":1,`) }
  })

  beforeAll(async () => {
    for (let i = 0; i < batches.length; i += 8) {
      const answers = await Promise.all(batches.slice(i, i + 8).map(({ body }) => post(body)))
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    }
    await settle()
  })

  it('cost neither of them', async () => {
    const found = (await findGood()).filter((id) => /^(before|after)-/.test(id))
    const sent = batches.flatMap((_, i) => [`before-${i}`, `after-${i}`])
    expect(found.sort()).toEqual(sent.sort())
  })

  it('are in the quarantine with their reason and their text when they are refused, and nothing else is', async () => {
    const found = await findRefused()
    const refused = batches.flatMap(({ text, outcome }, i) =>
      outcome === 'stored' ? [] : [{ stream: `hostile-${i}`, text, outcome }],
    )
    expect(refused.length).toBeGreaterThan(90)
    const streams = [...found.keys()].filter((stream) => !stream.startsWith('marker-'))
    expect(streams.sort()).toEqual(refused.map(({ stream }) => stream).sort())
    for (const { stream, text, outcome } of refused) {
      const bytes = byteLength(text)
      const row = found.get(stream)
      expect(row).toMatchObject({ seq: 2, reason: outcome, raw_bytes: bytes })
      if (bytes <= MAX_RAW_BYTES) expect(row?.raw).toBe(text)
      else expect(row?.raw !== undefined && row.raw.length > 10_000 && text.startsWith(row.raw)).toBe(true)
    }
  })

  it('are stored beside them when they are not', async () => {
    const rows = await stack.query<{ stream: string }>(
      "SELECT stream FROM events FINAL WHERE seq = 2 AND stream LIKE 'hostile-%'",
    )
    const found = new Set(rows.map(({ stream }) => stream))
    // Two that bring one id of their own are one event.
    const stored = batches.flatMap(({ text, outcome, what }, i) =>
      outcome === 'stored' && !text.includes('"messageId"') ? [{ what, stream: `hostile-${i}` }] : [],
    )
    expect(stored.length).toBeGreaterThan(100)
    expect(stored.filter(({ stream }) => !found.has(stream))).toEqual([])
  })

  it('are no fault of ours', () => {
    expect(findFaultsOfOurs()).toEqual([])
  })
})

/** What is sent; a body of parts declares no length. */
interface Sent {
  body: string | Uint8Array | string[]
  headers?: Record<string, string>
  path?: string
}

/** Over the limit, and under what a socket holds: a client that still writes when the answer comes may fail to read it. */
const TOO_MUCH = 700_000

/** Each gets the text of a batch with one good event, and says what to send. */
const REQUESTS: [what: string, make: (good: string) => Sent, status: number][] = [
  ['gzip without its end', (good) => gzip(gzipSync(good).subarray(0, -9)), 400],
  ['gzip with a wrong checksum', (good) => gzip(flip(gzipSync(good), -6)), 400],
  ['gzip with something after it', (good) => gzip(Buffer.concat([gzipSync(good), Buffer.from('x')])), 400],
  ['gzip that is none', (good) => gzip(Buffer.from(good)), 400],
  ['a bomb', (good) => gzip(gzipSync(' '.repeat(50_000_000) + good)), 413],
  ['gzip of a batch', (good) => gzip(gzipSync(good)), 200],
  [
    'deflate of a batch',
    (good) => ({ body: deflateSync(good), headers: { 'content-encoding': 'deflate' } }),
    200,
  ],
  ['brotli', (good) => ({ body: good, headers: { 'content-encoding': 'br' } }), 415],
  ['UTF-16', (good) => ({ body: Buffer.from(good, 'utf16le') }), 400],
  [
    'bytes of no encoding in a key',
    (good) => ({ body: Buffer.from(`{"ü":1,${good.slice(1)}`, 'latin1') }),
    200,
  ],
  ['a byte order mark', (good) => ({ body: `\ufeff${good}` }), 200],
  ['a body of 700 KB', (good) => ({ body: good + ' '.repeat(TOO_MUCH) }), 413],
  ['a body of no declared length', (good) => ({ body: [good] }), 200],
  ['700 KB of no declared length', (good) => ({ body: [good, ' '.repeat(TOO_MUCH)] }), 413],
  ['nothing', () => ({ body: '' }), 400],
  ['NaN', (good) => ({ body: `{"a":NaN,${good.slice(1)}` }), 400],
  ['a number past all limits', (good) => ({ body: `{"a":1e999,${good.slice(1)}` }), 200],
  ['250,000 brackets', () => ({ body: nest(250_000) }), 400],
  ['80,000 levels beside the batch', (good) => ({ body: `{"a":${nest(80_000)},${good.slice(1)}` }), 200],
  [
    'a batch by prototype',
    (good) => ({ body: `{"__proto__":{"batch":[]},"constructor":{"prototype":{}},${good.slice(1)}` }),
    200,
  ],
  ['a batch twice', (good) => ({ body: `{"batch":[null,null],${good.slice(1)}` }), 200],
  ['3,000 events', () => ({ body: batchText(Array.from({ length: 3_000 }, () => '1')) }), 413],
  ['an envelope of wrong types', (good) => ({ body: `${WRONG_TYPES}${good.slice(1)}` }), 200],
  ['surrogates in all that is shared', (good) => ({ body: `${SURROGATES}${good.slice(1)}` }), 200],
  ['another source', (good) => ({ body: `{"source":"shop",${good.slice(1)}` }), 403],
  ['headers of Latin-1', (good) => ({ body: good, headers: LATIN_1 }), 200],
  [
    'a key of Latin-1',
    (good) => ({ body: good.replace('"wk"', '""'), headers: { authorization: 'Bearer d\xe9v' } }),
    401,
  ],
  ['headers of 8 KB', (good) => ({ body: good, headers: LONG }), 200],
  ['broken escapes in the query', (good) => ({ body: good, path: '/v1/batch?%=%ff&a=%E0%A4%A' }), 200],
  ['a path with a broken escape', (good) => ({ body: good, path: '/v1/batch%' }), 404],
  ['a path that climbs', (good) => ({ body: good, path: '/v1/%2e%2e/v1//batch' }), 404],
  ['history with the public key', (good) => ({ body: good, path: '/v1/import' }), 403],
  ['an image by POST', (good) => ({ body: good, path: '/v1/pixel/track' }), 405],
]

const WRONG_TYPES =
  '{"sentAt":{"a":1},"batchId":[[]],"stream":5,"firstSeq":"x","previous":[null],"context":"x","integrations":[1],'

const SURROGATES =
  '{"batchId":"b\\ud800","stream":"s\\udc00","firstSeq":1,"previous":{"stream":"\\ud800","lastSeq":1},' +
  '"context":{"\\udc00":"\\ud800","userAgent":"\\ud83d"},"integrations":{"\\ud800":1},'

const LATIN_1 = {
  origin: 'https://\xfc.example',
  'user-agent': 'Mozilla/5.0 \xff\xfe',
  cookie: 'millrace_id=\xff',
  'sec-ch-ua': '"\xe9";v="\xe9"',
  'content-type': '\xfc/\xfc',
}

const LONG = {
  'user-agent': `Mozilla/5.0 (${'('.repeat(8_000)}`,
  'sec-ch-ua': '"\\'.repeat(4_000),
  cookie: 'a=%;'.repeat(2_000),
}

function gzip(body: Uint8Array): Sent {
  return { body, headers: { 'content-encoding': 'gzip' } }
}

function flip(bytes: Buffer, position: number): Buffer {
  const at = bytes.length + position
  bytes[at] = (bytes[at] ?? 0) ^ 0xff
  return bytes
}

/**
 * Sends a request on a connection of its own and gives the status: the server ends a connection whose body it has not
 * read, and a request that reused it would fail.
 */
function sendAlone({ body, headers, path = '/v1/batch' }: Sent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', agent: false, headers: { ...KEY, ...headers } }
    const sending = request(`${stack.worker.url}${path}`, options, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    sending.on('error', reject)
    if (Array.isArray(body)) for (const part of body) sending.write(part)
    sending.end(Array.isArray(body) ? undefined : body)
  })
}

/** A request, byte for byte; the body is the rest. */
function write(body: string, headers: string[], target = '/v1/batch'): string {
  return [`POST ${target} HTTP/1.1`, 'Host: x', 'Connection: close', ...headers, '', body].join('\r\n')
}

const whole = (good: string, ...headers: string[]) =>
  write(good, [`Content-Length: ${good.length}`, ...headers])

/** What no client library would send, and the status. The runtime itself refuses what is no HTTP. */
const RAW: [what: string, make: (good: string) => string, status: number][] = [
  ['a body that ends before its length', (good) => write(good, ['Content-Length: 90000']), 400],
  ['chunks', (good) => write(chunk(good), ['Transfer-Encoding: chunked']), 200],
  ['chunks without an end', (good) => write(chunk(good).slice(0, -5), ['Transfer-Encoding: chunked']), 400],
  ['a chunk of no size', (good) => write(`z${chunk(good)}`, ['Transfer-Encoding: chunked']), 400],
  [
    'a length and chunks',
    (good) => write(chunk(good), ['Transfer-Encoding: chunked', 'Content-Length: 5']),
    200,
  ],
  [
    'headers of any bytes',
    (good) => whole(good, 'X-A: \xff\xfe\x80', 'Origin: \xc3', 'User-Agent: \xe9'),
    200,
  ],
  ['a header with a NUL', (good) => whole(good, 'X-A: a\0b'), 400],
  ['a header of 100 KB', (good) => whole(good, `X-A: ${'a'.repeat(100_000)}`), 200],
  [
    'two keys in two headers',
    (good) => whole(good, 'Authorization: Bearer x', 'Authorization: Bearer y'),
    200,
  ],
  [
    'a whole address',
    (good) => write(good, [`Content-Length: ${good.length}`], 'http://x.example/v1/batch'),
    200,
  ],
  ['a path of any bytes', (good) => write(good, [`Content-Length: ${good.length}`], '/v1/\xff\x80'), 400],
  ['lines without a return', (good) => whole(good).replaceAll('\r', ''), 200],
]

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`
}

/** Sends bytes and gives the status of the answer; `NaN` when the connection is closed without one. */
function sendRaw(text: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(stack.worker.port, '127.0.0.1')
    let answer = ''
    socket.on('data', (data) => {
      answer += data.toString('latin1')
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(Number.parseInt(answer.slice('HTTP/1.1 '.length), 10)))
    socket.end(text, 'latin1')
  })
}

describe('hostile requests', () => {
  const accepted: string[] = []

  it.each(REQUESTS)('of %s are answered', async (what, make, status) => {
    const id = `request-${what}`
    expect(await sendAlone(make(batchText([goodEvent(id)])))).toBe(status)
    if (status === 200) accepted.push(id)
  })

  it.each(RAW)('of %s are answered', async (what, make, status) => {
    const id = `request-${what}`
    const good = batchText([goodEvent(id)]).replace('"wk"', '"dev"')
    expect(await sendRaw(make(good))).toBe(status)
    if (status === 200) accepted.push(id)
  })

  it('lose no good event, and store none that was refused', async () => {
    await settle()
    const found = (await findGood()).filter((id) => id.startsWith('request-'))
    expect(found.sort()).toEqual(accepted.sort())
    expect(findFaultsOfOurs()).toEqual([])
  })
})
