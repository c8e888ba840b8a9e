/** A product catalogue, loaded and replaced by the operator's command, on the events of a shop. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ConfiguredStack, startConfiguredStack } from '../support/configured-stack.ts'
import { waitFor } from '../support/wait.ts'

/** After which an isolate uses a table that was loaded. Source: `cli/README.md`. */
const REFRESH_MS = 60_000

const FIRST = 'product_id,name,price\np1,Tea,2.50\np2,"Cup, blue",5\n'
const SECOND =
  '[{"product_id":"p1","name":"Green tea","price":3},{"product_id":"p3","name":"Pot","price":20}]'

interface Row {
  message_id: string
  lookups: Record<string, unknown>
  lookup_versions: Record<string, string>
}

let stack: ConfiguredStack
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-lookup-'))
  stack = await startConfiguredStack('catalogue')
})
afterAll(async () => {
  await stack.stop()
  await rm(folder, { recursive: true, force: true })
})

async function load(name: string, content: string | Uint8Array, ...options: string[]) {
  const file = join(folder, name)
  await writeFile(file, content)
  const args = ['products', file, '--source', 'shop', '--endpoint', stack.url, ...options]
  return stack.millrace('lookup', 'load', ...args)
}

/** Loads a table and gives the version that the command prints. */
async function loadVersion(name: string, content: string, ...options: string[]): Promise<string> {
  const { code, stdout, stderr } = await load(name, content, ...options)
  if (code !== 0) throw new Error(`lookup load ended with ${code}: ${stderr}`)
  const [, version] = /^loaded as products of source shop .*: 2 rows, version (\w+)$/m.exec(stdout) ?? []
  if (version === undefined) throw new Error(`no version in ${stdout}`)
  return version
}

async function send(messageId: string, event: string, properties: object): Promise<void> {
  const batch = [{ type: 'track', messageId, event, userId: 'u1', properties }]
  const response = await stack.post(JSON.stringify({ writeKey: 'wk_shop', batch }))
  expect(await response.json()).toEqual({ success: true })
}

const view = (messageId: string) => send(messageId, 'Product Viewed', { product_id: 'p1' })

/** Rows of these ids, once all are there, in the order of the ids. */
async function readRows(...ids: string[]): Promise<Row[]> {
  const select = `SELECT message_id, lookups, lookup_versions FROM events FINAL
    WHERE message_id IN {ids:Array(String)} ORDER BY indexOf({ids:Array(String)}, message_id)`
  return waitFor(
    () => stack.query<Row>(select, { ids }),
    (rows) => rows.length === ids.length,
  )
}

/** A minute passes, and an event makes the isolate look whether there is another table. */
async function refresh(messageId: string): Promise<void> {
  await stack.advanceClock(REFRESH_MS)
  await view(messageId)
  await readRows(messageId)
}

describe('a lookup table', () => {
  let first: string
  let second: string

  it('that was never loaded keeps no event from being stored', async () => {
    await view('early')
    expect(await readRows('early')).toEqual([{ message_id: 'early', lookups: {}, lookup_versions: {} }])
  })

  it('is joined onto the events that the configuration names, and onto no others', async () => {
    first = await loadVersion('first.csv', FIRST, '--typed')
    await refresh('asks-1')
    await view('viewed')
    const products = ['p2', 'p9', 'p1'].map((product_id) => ({ product_id }))
    await send('bought', 'Order Completed', { products })
    await send('unknown', 'Product Viewed', { product_id: 'p9' })
    await send('other', 'Product Added', { product_id: 'p1' })
    const [tea, cup] = [
      { name: 'Tea', price: 2.5 },
      { name: 'Cup, blue', price: 5 },
    ]
    const none = { lookups: {}, lookup_versions: {} }
    expect(await readRows('viewed', 'bought', 'unknown', 'other')).toEqual([
      { message_id: 'viewed', lookups: { product: tea }, lookup_versions: { product: first } },
      { message_id: 'bought', lookups: { items: [cup, null, tea] }, lookup_versions: { items: first } },
      { message_id: 'unknown', ...none },
      { message_id: 'other', ...none },
    ])
  })

  it('that is loaded again is in use a minute later, each row with the version it is of', async () => {
    second = await loadVersion('second.json', SECOND, '--key', 'product_id')
    expect(second).not.toBe(first)
    const ids = ['after-0', 'after-20', 'after-40', 'after-60', 'after-80']
    for (const id of ids) {
      await view(id)
      await stack.advanceClock(REFRESH_MS / 3)
    }
    const rows = await readRows(...ids)
    const expected: Record<string, object> = {
      [first]: { product: { name: 'Tea', price: 2.5 } },
      [second]: { product: { name: 'Green tea', price: 3 } },
    }
    for (const { lookups, lookup_versions } of rows)
      expect(lookups).toEqual(expected[lookup_versions['product'] ?? ''])
    expect(rows.at(-1)?.lookup_versions).toEqual({ product: second })
  })

  const key = ['--key', 'product_id']
  it.each<[string, string | Uint8Array, string[], number, string]>([
    ['semicolons.csv', 'product_id;name\np1;Tea\n', [], 1, 'columns must be separated by commas'],
    [
      'twice.csv',
      'product_id,name\np1,Tea\np1,Cup\n',
      [],
      1,
      'line 3: the key "p1" is that of line 2 already',
    ],
    [
      'ragged.csv',
      'product_id,name\np1,Cup, blue\n',
      [],
      1,
      'line 2: the header has 2 columns, this row has 3',
    ],
    ['empty.csv', '', [], 1, 'empty.csv: the file is empty'],
    ['latin1.csv', Uint8Array.of(105, 100, 10, 0xfc, 10), [], 2, 'latin1.csv: it is not UTF-8'],
    ['cut.json', '[{"product_id":"p1"', key, 1, 'cut.json: not JSON: '],
    [
      'long.json',
      JSON.stringify([{ product_id: 'p1', text: 'x'.repeat(5_000) }]),
      key,
      1,
      'it may have 4,096',
    ],
    [
      'another-key.csv',
      FIRST,
      ['--secret-key', 'wrong'],
      1,
      'cannot load products: no source has this key (HTTP 401)',
    ],
    ['another-source.csv', FIRST, ['--source', 'blog'], 1, 'this key is of source "shop"'],
  ])('is not replaced by %s', async (name, content, options, exitCode, message) => {
    const before = await stack.readObjects('lookups/')
    const { code, stderr } = await load(name, content, ...options)
    expect([code, stderr.trimEnd().split('\n').length]).toEqual([exitCode, 1])
    expect(stderr).toContain(message)
    expect(await stack.readObjects('lookups/')).toEqual(before)
  })

  it('is not replaced by a body that is none, and stays in use', async () => {
    const response = await fetch(`${stack.url}/v1/lookups/products`, {
      method: 'PUT',
      headers: { authorization: `Basic ${btoa('shop-secret:')}` },
      body: '{"key":"product_id","rows":{"p1":"Tea"}}',
    })
    expect([response.status, await response.json()]).toEqual([
      400,
      { success: false, code: 'invalid_lookup', message: 'row "p1" must be an object' },
    ])
    await refresh('asks-2')
    await view('last')
    expect(await readRows('last')).toMatchObject([{ lookup_versions: { product: second } }])
  })
})
