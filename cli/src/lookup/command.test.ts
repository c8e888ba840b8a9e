import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CollectorFetch } from '../collector-request.ts'
import { type CommandWorld, UsageError } from '../command-world.ts'
import { createSink } from '../fakes.ts'
import { registerLookup } from './command.ts'

const CSV = 'product_id,name,price\np1,Tea,2.50\np2,"Cup, blue",5\n'
const ROWS = { p1: { name: 'Tea', price: '2.50' }, p2: { name: 'Cup, blue', price: '5' } }

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-lookup-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

interface RunOptions {
  stdin?: string
  env?: Record<string, string>
  answer?: () => Response | Promise<Response>
  signal?: AbortSignal
}

const taken = () => Response.json({ success: true, name: 'products', rows: 2, version: 'abc' })

/** Runs `lookup load` against a collector that takes everything, or answers as told. */
async function load(args: string[], { stdin = '', env = {}, answer = taken, signal }: RunOptions = {}) {
  const [stdout, stderr] = [createSink(), createSink()]
  const requests: { url: string; method: string; key: string; body: unknown }[] = []
  const fetch: CollectorFetch = async (url, { method, headers, body, signal: aborted }) => {
    aborted.throwIfAborted()
    const key = atob((headers['authorization'] ?? '').replace('Basic ', ''))
    requests.push({ url, method, key, body: JSON.parse(body ?? '') })
    return answer()
  }
  let exitCode: number | undefined
  const world = {
    args: [],
    env,
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    signal,
    fetch,
    done: (code: number) => {
      exitCode = code
    },
  } as unknown as CommandWorld
  const program = new Command('millrace').exitOverride()
  registerLookup(program, world)
  const usage = await program
    .parseAsync(['lookup', 'load', ...args], { from: 'user' })
    .then(() => undefined)
    .catch((error: Error) => {
      if (error instanceof UsageError) return error.message
      throw error
    })
  return { exitCode, usage, stdout: stdout.text(), stderr: stderr.text(), requests }
}

describe('millrace lookup load', () => {
  it('puts a table and tells what was loaded', async () => {
    const { exitCode, stdout, stderr, requests } = await load([
      'products',
      write('products.csv', CSV),
      '--source',
      'dev',
    ])
    expect(requests).toEqual([
      {
        url: 'http://127.0.0.1:8787/v1/lookups/products?source=dev',
        method: 'PUT',
        key: 'dev-secret:',
        body: { key: 'product_id', rows: ROWS },
      },
    ])
    expect(stdout).toBe(
      'products.csv: 2 rows by "product_id", 102 bytes of JSON\n' +
        'loaded as products of source dev at http://127.0.0.1:8787: 2 rows, version abc\n',
    )
    expect([exitCode, stderr]).toEqual([0, ''])
  })

  it.each([
    ['a.csv', CSV, [], ROWS],
    ['bom.csv', `\ufeff${CSV}`, [], ROWS],
    ['a.CSV', CSV, ['--typed'], { p1: { name: 'Tea', price: 2.5 }, p2: { name: 'Cup, blue', price: 5 } }],
    [
      'k.csv',
      CSV,
      ['--key', 'name'],
      { Tea: { product_id: 'p1', price: '2.50' }, 'Cup, blue': { product_id: 'p2', price: '5' } },
    ],
    ['a.csv.gz', gzipSync(CSV), [], ROWS],
    ['a.json', '[{"id":7,"n":1}]', ['--key', 'id'], { 7: { n: 1 } }],
    ['a.ndjson', '{"id":"a"}\n{"id":"b"}\n', ['--key', 'id'], { a: {}, b: {} }],
    ['a.jsonl', '{"id":"a"}\n', ['--key', 'id'], { a: {} }],
    ['a.txt', CSV, ['--format', 'csv'], ROWS],
  ])('reads %s with %3$j', async (name, content, flags, rows) => {
    const { requests } = await load(['t', write(name, content), '--source', 'dev', ...flags])
    expect(requests[0]?.body).toMatchObject({ rows })
  })

  it('reads standard input', async () => {
    const { requests, stdout } = await load(['t', '-', '--format', 'csv', '--source', 'dev'], { stdin: CSV })
    expect(requests[0]?.body).toMatchObject({ rows: ROWS })
    expect(stdout).toContain('standard input: 2 rows')
  })

  it('takes key and address from what was typed', async () => {
    const args = ['t', write('a.csv', CSV), '--source', 'shop', '--endpoint', 'https://e.example.com/']
    const { requests } = await load(args, { env: { MILLRACE_SECRET_KEY: 'environment' } })
    expect(requests).toMatchObject([
      { url: 'https://e.example.com/v1/lookups/t?source=shop', key: 'environment:' },
    ])
  })

  it('sends nothing in a dry run, and needs no key', async () => {
    const args = ['products', write('a.csv', CSV), '--source', 'shop', '--dry-run']
    const { exitCode, stdout, requests } = await load(args)
    expect([exitCode, requests]).toEqual([0, []])
    expect(stdout).toBe('a.csv: 2 rows by "product_id", 102 bytes of JSON\ndry run, nothing was sent\n')
  })

  it('tells what is wrong in the file, at most five of it, and sends nothing', async () => {
    const file = write('bad.csv', `id,n\n${'p1,x\n'.repeat(8)}`)
    const { exitCode, stderr, requests } = await load(['t', file, '--source', 'dev'])
    const lines = stderr.trimEnd().split('\n')
    expect([exitCode, requests, lines.length]).toEqual([1, [], 6])
    expect(lines[0]).toBe('millrace: bad.csv: line 3: the key "p1" is that of line 2 already')
    expect(lines[5]).toBe('millrace: bad.csv: and 2 more like these')
  })

  it.each([
    ['broken.csv', 'id,n\n1\n', [], 'broken.csv: line 2: the header has 2 columns, this row has 1'],
    [
      'quote.csv',
      'id,n\n1,"x\n',
      [],
      'Quote Not Closed: the parsing is finished with an opening quote at line 2',
    ],
    ['empty.csv', '', [], 'empty.csv: the file is empty'],
    ['header.csv', 'id,n\n', [], 'header.csv: there are no rows'],
    ['terminal.csv', 'id,n\n\u001b[31m,1\n\u001b[31m,2\n', [], 'the key "\\\\u001b[31m" is that of line 2'],
    ['nokey.json', '[{"id":1},{"n":2}]', ['--key', 'id'], 'item 2: no text or number in the key column "id"'],
  ])('fails over %s', async (name, content, flags, message) => {
    const { exitCode, stderr } = await load(['t', write(name, content), '--source', 'dev', ...flags])
    expect(exitCode).toBe(1)
    expect(stderr).toContain(message.replaceAll('\\\\', '\\'))
  })

  it.each<[string, () => Response | Promise<Response>, string]>([
    [
      'refuses',
      () => Response.json({ success: false, message: 'row "p1" nests too deep' }, { status: 400 }),
      'millrace: cannot load t: row "p1" nests too deep (HTTP 400)\n',
    ],
    [
      'refuses in colours',
      () => Response.json({ message: '\u001b[31mno' }, { status: 401 }),
      '\\u{1b}[31mno (HTTP 401)',
    ],
    [
      'is none',
      () => new Response('<html>', { status: 200 }),
      'http://127.0.0.1:8787 does not answer as a Millrace collector (HTTP 200)',
    ],
    ['is somewhere else', () => new Response(null, { status: 301 }), '(HTTP 301)'],
    [
      'cannot be reached',
      () => Promise.reject(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })),
      'no collector answers at http://127.0.0.1:8787: connect ECONNREFUSED',
    ],
  ])('fails when the collector %s', async (_, answer, message) => {
    const { exitCode, stderr } = await load(['t', write('a.csv', CSV), '--source', 'dev'], { answer })
    expect(exitCode).toBe(1)
    expect(stderr).toContain(message)
  })

  it('passes on what the collector warns of, and has loaded the table all the same', async () => {
    const warning = 'no join of source dev uses a table called prodcuts; known: products\u001b[31m'
    const { exitCode, stdout, stderr } = await load(['prodcuts', write('a.csv', CSV), '--source', 'dev'], {
      answer: () => Response.json({ success: true, name: 'prodcuts', rows: 2, version: 'abc', warning }),
    })
    expect(exitCode).toBe(0)
    expect(stdout).toContain('loaded as prodcuts')
    expect(stderr).toBe(
      'millrace: warning: no join of source dev uses a table called prodcuts; known: products\\u{1b}[31m\n',
    )
  })

  it('ends with 130 when it is interrupted', async () => {
    const { exitCode } = await load(['t', write('a.csv', CSV), '--source', 'dev'], {
      signal: AbortSignal.abort(),
    })
    expect(exitCode).toBe(130)
  })

  it.each([
    ['Products', 'a.csv', ['--source', 'dev'], 'the name of a table must be 1 to 64'],
    ['t', 'a.txt', ['--source', 'dev'], 'give --format csv|json|ndjson'],
    ['t', 'a.csv', ['--source', 'My Shop'], '--source must be'],
    ['t', 'a.csv', ['--source', 'shop'], 'the secret key of the source shop is needed'],
    ['t', 'a.csv', ['--source', 'dev', '--endpoint', 'here'], '--endpoint must be'],
    [
      't',
      'a.csv',
      ['--source', 'dev', '--key', 'sku'],
      '--key must be a column, one of product_id, name, price, got sku',
    ],
    ['t', 'one.json', ['--source', 'dev'], '--key is needed'],
    ['t', 'one.json', ['--source', 'dev', '--key', 'id', '--typed'], '--typed is for CSV'],
    ['t', 'none.csv', ['--source', 'dev'], 'none.csv: there is no such file'],
    ['t', 'latin1.csv', ['--source', 'dev'], 'latin1.csv: it is not UTF-8'],
    ['t', 'cut.csv.gz', ['--source', 'dev'], 'cut.csv.gz: unexpected end of file'],
    ['t', 'plain.csv.gz', ['--source', 'dev'], 'plain.csv.gz: it is not gzip, or damaged'],
  ])('explains wrong usage: %s %s %j', async (name, file, flags, message) => {
    write('a.csv', CSV)
    write('one.json', '[{"id":1}]')
    write('latin1.csv', Uint8Array.from([...Buffer.from('id,n\n1,'), 0xe9]))
    write('plain.csv.gz', CSV)
    write('cut.csv.gz', gzipSync(CSV).subarray(0, 30))
    const { usage, requests } = await load([name, join(folder, file), ...flags])
    expect(usage).toContain(message)
    expect(requests).toEqual([])
  })
})
