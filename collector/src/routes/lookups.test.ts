import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { putLookup } from './lookups.ts'

const text = JSON.stringify({ key: 'id', rows: { p1: { name: 'Tea' }, p2: {} } })
const log = () => {}
const joins = [
  { table: 'products', on: 'properties.product_id' },
  { table: 'products', on: 'properties.other_id', as: 'other' },
  { table: 'plans', on: 'properties.plan' },
]

describe('a lookup table that is put', () => {
  it('is in the bucket when the answer is given, with its version', async () => {
    const result = await putLookup({ bucket: env.LAKE, source: 'shop', joins, name: 'products', text, log })
    const object = await env.LAKE.get('lookups/shop/products.json')
    expect(await object?.text()).toBe(text)
    expect(object?.httpMetadata?.contentType).toBe('application/json')
    expect(result).toEqual({
      ok: true,
      answer: { success: true, name: 'products', rows: 2, version: object?.etag },
    })
  })

  it('replaces the one before; the version is that of the content', async () => {
    const put = async (body: string) => {
      const result = await putLookup({ bucket: env.LAKE, source: 'shop', name: 'plans', text: body, log })
      return result.ok ? result.answer.version : undefined
    }
    const versions = [await put(text), await put('{"key":"id","rows":{}}'), await put(text)]
    expect(versions[0]).not.toBe(versions[1])
    expect(versions[0]).toBe(versions[2])
  })

  it.each([
    [joins, 'no join of source shop uses a table called prodcuts; known: products, plans'],
    [[], 'no join of source shop uses a table called prodcuts; it has no joins'],
  ])('is stored with a warning when no join uses it: %j', async (some, warning) => {
    const options = { bucket: env.LAKE, source: 'shop', joins: some, name: 'prodcuts', text, log }
    const result = await putLookup(options)
    expect(result).toMatchObject({ ok: true, answer: { success: true, name: 'prodcuts', rows: 2, warning } })
    expect(await (await env.LAKE.get('lookups/shop/prodcuts.json'))?.text()).toBe(text)
  })

  it.each([
    ['../shop', text, 'the name of a lookup table must be'],
    ['Products', text, 'the name of a lookup table must be'],
    ['', text, 'the name of a lookup table must be'],
    ['products', '{}', '"key" must be'],
  ])('is refused: %s %.20s', async (name, body, message) => {
    const bucket = { put: () => Promise.reject(new Error('must not be called')) }
    expect(await putLookup({ bucket, source: 'shop', name, text: body, log })).toEqual({
      ok: false,
      status: 400,
      code: 'invalid_lookup',
      message: expect.stringContaining(message),
    })
  })

  it('is to be sent again when R2 is away', async () => {
    const logged: Record<string, unknown>[] = []
    const bucket = { put: () => Promise.reject(new Error('away')) }
    const options = { bucket, source: 'shop', name: 'products', text }
    const result = await putLookup({ ...options, log: (record) => void logged.push(record) })
    expect(result).toMatchObject({ ok: false, status: 503, code: 'temporarily_unavailable' })
    expect(logged).toMatchObject([{ event: 'lookup_not_stored', table: 'products', error: 'Error: away' }])
  })
})
