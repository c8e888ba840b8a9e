import { env } from 'cloudflare:workers'
import {
  batchOfRows,
  bytesOf,
  createLakeWriter,
  createManifest,
  joinBytes,
  type LakeBatch,
  manifestKey,
  openLakeFile,
  rowOf,
} from '@millrace/schemas/lake'
import { describe, expect, it } from 'vitest'
import { createCollector, SHOP } from '../fakes.ts'
import type { LakeBucket } from '../lake/bucket.ts'
import { keyOf, type LakeRow, putFile, putManifest, rowAt } from '../lake/fakes.ts'
import { createSources } from '../sources.ts'

/** A source of its own for each test, so that none sees what another has stored. */
let sourceCount = 0

async function createSetup(files: readonly (readonly LakeRow[])[] = [], lake: LakeBucket = env.LAKE) {
  const name = `shop${sourceCount++}`
  const sources = createSources([
    { ...SHOP, name },
    { name: 'blog', writeKeys: ['wb'], readToken: 'blog-read' },
  ])
  const { app, logged } = createCollector({ sources, lake })
  const entries = await Promise.all(files.map((rows, bucket) => putFile(keyOf(name, bucket), rows)))
  if (files.length > 0) await putManifest(name, entries)
  const get = async (path: string, init: RequestInit = {}) => {
    const headers = { authorization: 'Bearer rt', ...(init.headers as Record<string, string>) }
    return await app.request(`/v1/lake/${path}`, { ...init, headers })
  }
  return { app, get, logged, name, entries }
}

const FILE = 'files/date=2026-11-21/hour=11/bucket-0.parquet'
const ROWS = [rowAt('m-1', 0), rowAt('m-2', 60, { country: 'DE' }), rowAt('m-3', 120)]

async function readIds(response: Response): Promise<string[]> {
  // `text()` would remark on the media type.
  const text = new TextDecoder().decode(await response.arrayBuffer())
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => (JSON.parse(line) as { message_id: string }).message_id)
}

describe('the manifest', () => {
  it('is that of the source of the token, with its etag', async () => {
    const { get, entries } = await createSetup([ROWS])
    const response = await get('manifest')
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ files: entries })
    const etag = response.headers.get('etag') ?? ''
    expect((await get('manifest', { headers: { 'if-none-match': etag } })).status).toBe(304)
  })

  it('is an empty one where nothing was published', async () => {
    const { get, name } = await createSetup()
    const response = await get('manifest')
    expect(await response.json()).toEqual(createManifest(name))
  })

  it.each([
    [{ authorization: '' }, '', 401, 'missing_read_token'],
    [{ authorization: 'Bearer wk' }, '', 401, 'unknown_read_token'],
    [{ authorization: '' }, '?token=rt&readToken=rt', 401, 'missing_read_token'],
    [{}, '?source=blog', 403, 'wrong_source'],
  ])('is refused to %j%s', async (headers, query, status, code) => {
    const { get } = await createSetup([ROWS])
    const response = await get(`manifest${query}`, { headers })
    expect([response.status, await response.json()]).toEqual([status, expect.objectContaining({ code })])
  })
})

describe('a file', () => {
  it('comes as it is, whole or in part', async () => {
    const { get, entries } = await createSetup([ROWS])
    const whole = await get(FILE)
    const bytes = new Uint8Array(await whole.arrayBuffer())
    expect(whole.headers.get('content-type')).toBe('application/vnd.apache.parquet')
    expect(whole.headers.get('accept-ranges')).toBe('bytes')
    const size = entries[0]?.bytes ?? 0
    expect(bytes).toHaveLength(size)
    for (const [range, first, last] of [
      ['bytes=0-3', 0, 3],
      ['bytes=-8', size - 8, size - 1],
      [`bytes=${size - 4}-`, size - 4, size - 1],
      ['bytes=4-999999', 4, size - 1],
      ['bytes=-999999', 0, size - 1],
    ] as const) {
      const part = await get(FILE, { headers: { range } })
      expect([range, part.status]).toEqual([range, 206])
      expect(part.headers.get('content-range')).toBe(`bytes ${first}-${last}/${size}`)
      expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.slice(first, last + 1))
    }
  })

  it('tells its size and version by HEAD', async () => {
    const { get, entries } = await createSetup([ROWS])
    const head = await get(FILE, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(entries[0]?.bytes)])
    expect(head.headers.get('etag')).toMatch(/^"\w+"$/)
    expect(await head.text()).toBe('')
    const etag = head.headers.get('etag') ?? ''
    const statusOf = async (headers: Record<string, string>) =>
      (await get(FILE, { method: 'HEAD', headers })).status
    expect(await statusOf({ 'if-none-match': `W/${etag}` })).toBe(304)
    expect(await statusOf({ 'if-match': '"other"' })).toBe(412)
  })

  it.each(['bytes=99999999-', 'bytes=-0'])('has no bytes at %s', async (range) => {
    const { get, entries } = await createSetup([ROWS])
    const response = await get(FILE, { headers: { range } })
    expect(response.status).toBe(416)
    expect(response.headers.get('content-range')).toBe(`bytes */${entries[0]?.bytes}`)
    expect(await response.json()).toMatchObject({ code: 'range_not_satisfiable' })
  })

  it('is sent only of the version that is wanted', async () => {
    const { get } = await createSetup([ROWS])
    const etag = (await get(FILE, { method: 'HEAD' })).headers.get('etag') ?? ''
    const statusOf = async (headers: Record<string, string>) => {
      const response = await get(FILE, { headers })
      await response.arrayBuffer()
      return response.status
    }
    expect(await statusOf({ 'if-none-match': etag })).toBe(304)
    expect(await statusOf({ 'if-none-match': '"other"' })).toBe(200)
    expect(await statusOf({ 'if-match': etag, range: 'bytes=0-3' })).toBe(206)
    expect(await statusOf({ 'if-match': '"other"' })).toBe(412)
    expect(await statusOf({ 'if-range': etag, range: 'bytes=0-3' })).toBe(206)
    expect(await statusOf({ 'if-range': '"other"', range: 'bytes=0-3' })).toBe(200)
    expect(await statusOf({ range: 'bytes=0-1,4-5' })).toBe(200)
  })

  it('is of the own source only', async () => {
    const { get } = await createSetup([ROWS])
    const headers = { authorization: 'Bearer blog-read' }
    expect((await get(FILE, { headers })).status).toBe(404)
  })

  it.each([
    [
      'date=2026-11-21/hour=12/bucket-0.parquet',
      'no published file date=2026-11-21/hour=12/bucket-0.parquet',
    ],
    ['date=2026-11-21/hour=11/bucket-0.csv', 'a file of the lake is called date='],
    ['date=2026-11-21/..%2F..%2Fsource=blog/_manifest.json', 'a file of the lake is called'],
    ['date=2026-11-21/hour=11/..%2F..%2F..%2Fsource=blog', 'a file of the lake is called'],
  ])('at %s there is none', async (path, message) => {
    const { get } = await createSetup([ROWS])
    const response = await get(`files/${path}`)
    expect([response.status, await response.json()]).toEqual([
      404,
      { success: false, code: 'no_such_file', message: expect.stringContaining(message) },
    ])
  })
})

describe('a download', () => {
  it('has the rows of the range of time, in the order of the files', async () => {
    const { get } = await createSetup([ROWS, [rowAt('a-1', 60)], [rowAt('a-2', 3_000)]])
    const response = await get('download?from=2026-11-21T11:01Z&to=2026-11-21T11:02Z')
    expect(response.headers.get('content-disposition')).toMatch(
      /^attachment; filename="shop\d+-events-2026-11-21T110100Z-to-2026-11-21T110200Z.ndjson"$/,
    )
    expect(await readIds(response)).toEqual(['m-2', 'a-1'])
  })

  it('has all rows when nothing is asked for, and those that the filters leave', async () => {
    const { get } = await createSetup([ROWS])
    expect(await readIds(await get('download'))).toEqual(['m-1', 'm-2', 'm-3'])
    const filtered = await get('download?filter=country:is_not:DE&filter=message_id:ends_with:3')
    expect(await readIds(filtered)).toEqual(['m-3'])
  })

  it('is CSV with a head also without rows', async () => {
    const { get } = await createSetup([ROWS])
    const response = await get('download?format=csv&filter=country:is:FR')
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
    expect(await response.text()).toMatch(/^source,message_id,type,.*,extra\r\n$/)
  })

  it('is one Parquet file that claims no order', async () => {
    const { get } = await createSetup([[rowAt('m-9', 0)], [rowAt('m-1', 5, { properties: '{"a":1}' })]])
    const response = await get('download?format=parquet')
    const file = await openLakeFile(bytesOf(await response.arrayBuffer()))
    const batches: LakeBatch[] = []
    for await (const batch of file.batches()) batches.push(batch)
    expect(batches.map(({ count }) => count)).toEqual([2])
    expect(rowOf(batches[0] as LakeBatch, 1)).toEqual(
      rowOf(batchOfRows([rowAt('m-1', 5, { properties: '{"a":1}' })]), 0),
    )
  })

  it('takes a form with the token in it, and no token in an address', async () => {
    const { app, name } = await createSetup([ROWS])
    const post = (fields: Record<string, string>, query = '') =>
      app.request(`/v1/lake/download${query}`, { method: 'POST', body: new URLSearchParams(fields) })
    const response = await post({ token: 'rt', from: '', to: '2026-12-01', format: 'csv', filter: '' })
    expect(response.headers.get('content-disposition')).toBe(
      `attachment; filename="${name}-events-to-2026-12-01.csv"`,
    )
    expect((await response.text()).split('\r\n')).toHaveLength(5)
    expect((await post({ from: '' }, '?token=rt')).status).toBe(401)
    expect((await post({ token: 'wk' })).status).toBe(401)
    expect((await post({ token: 'blog-read', source: name })).status).toBe(403)
    expect((await app.request('/v1/lake/download?token=rt')).status).toBe(401)
  })

  it.each([
    ['from=soon', 'from must be a time from 1970 to 2099'],
    ['format=xls', 'format must be one of ndjson, csv, parquet, got "xls"'],
    ['filter=a:b', 'filter "a:b": field must be one of'],
    ['limit=3', 'a download has no field "limit"; known: from, to, format, filter, source'],
    ['from=1d&from=2d', 'from may be given once'],
    [Array(21).fill('filter=event:exists').join('&'), 'filter may be given 20 times'],
  ])('with %.40s is refused', async (query, message) => {
    const { get } = await createSetup([ROWS])
    const response = await get(`download?${query}`)
    expect([response.status, await response.json()]).toEqual([
      400,
      { success: false, code: 'invalid_request', message: expect.stringContaining(message) },
    ])
  })

  it('that is empty is not refused where nothing was published', async () => {
    const { get } = await createSetup()
    expect(await readIds(await get('download'))).toEqual([])
  })
})

describe('a file that is not as the manifest says', () => {
  it('is named before the first byte, when it is missing', async () => {
    const { get, name, logged } = await createSetup([ROWS])
    await env.LAKE.delete(keyOf(name))
    const response = await get('download')
    const message = `${keyOf(name)} is in the list of files and is not there`
    expect(response.headers.get('content-disposition')).toBeNull()
    expect([response.status, await response.json()]).toEqual([
      500,
      { success: false, code: 'internal_error', message },
    ])
    expect(logged).toMatchObject([{ event: 'lake_unreadable', source: name }])
  })

  it('is named before the first byte, when it cannot be read', async () => {
    const { get, name } = await createSetup([ROWS])
    await env.LAKE.put(keyOf(name), 'not Parquet at all')
    const response = await get('download')
    expect([response.status, await response.json()]).toEqual([
      500,
      expect.objectContaining({
        message: expect.stringMatching(/bucket-0.parquet cannot be read: it is no/),
      }),
    ])
  })

  it('ends the connection, when rows were sent before', async () => {
    const { get, name, logged } = await createSetup([ROWS, [rowAt('x', 0)]])
    await env.LAKE.put(keyOf(name, 1), 'not Parquet at all')
    const response = await get('download')
    expect(response.status).toBe(200)
    await expect(response.arrayBuffer()).rejects.toThrow('bucket-1.parquet cannot be read')
    expect(logged).toMatchObject([{ event: 'lake_download_cut', source: name }])
  })

  it('is left out when the list has lost it too: it has no rows any more', async () => {
    const { get, name, entries } = await createSetup([ROWS, [rowAt('x', 0)]])
    const lake: LakeBucket = {
      head: async (key) => {
        if (key !== keyOf(name, 1)) return env.LAKE.head(key)
        await putManifest(name, entries.slice(0, 1))
        return null
      },
      get: (key, options) => env.LAKE.get(key, options) as ReturnType<LakeBucket['get']>,
    }
    const sources = createSources([{ ...SHOP, name }])
    const { app } = createCollector({ sources, lake })
    const response = await app.request('/v1/lake/download', { headers: { authorization: 'Bearer rt' } })
    expect(await readIds(response)).toEqual(['m-1', 'm-2', 'm-3'])
    expect((await get('manifest')).status).toBe(200)
  })

  it('is read on in its new version, each row once', async () => {
    const { name } = await createSetup([['b', 'd', 'f'].map((id, index) => rowAt(id, index))])
    let reads = 0
    const lake: LakeBucket = {
      head: (key) => env.LAKE.head(key),
      async get(key, options) {
        // The footer, then the first row group; before the second comes a new version.
        if (key === keyOf(name) && ++reads === 3)
          await putFileOfGroups(key, ['a', 'b', 'c', 'd', 'e', 'f', 'g'])
        return env.LAKE.get(key, options) as ReturnType<LakeBucket['get']>
      },
    }
    await putFileOfGroups(keyOf(name), ['b', 'd', 'f'])
    const sources = createSources([{ ...SHOP, name }])
    const { app } = createCollector({ sources, lake })
    const response = await app.request('/v1/lake/download', { headers: { authorization: 'Bearer rt' } })
    const ids = await readIds(response)
    expect(ids).toEqual([...new Set(ids)])
    expect(ids).toEqual(expect.arrayContaining(['b', 'd', 'f', 'g']))
  })

  it('is asked for again, when the bucket fails for a moment', async () => {
    const { name } = await createSetup([ROWS])
    let failures = 0
    const lake: LakeBucket = {
      head: (key) => env.LAKE.head(key),
      get(key, options) {
        if (key === manifestKey(name) && failures++ < 1) throw new Error('R2 is away')
        return env.LAKE.get(key, options) as ReturnType<LakeBucket['get']>
      },
    }
    const { app } = createCollector({ sources: createSources([{ ...SHOP, name }]), lake })
    const response = await app.request('/v1/lake/download', { headers: { authorization: 'Bearer rt' } })
    expect(await readIds(response)).toHaveLength(3)
  })

  it('waits for a bucket that is away for longer', async () => {
    const away: LakeBucket = {
      head: () => Promise.reject(new Error('R2 is away')),
      get: () => Promise.reject(new Error('R2 is away')),
    }
    const { get } = await createSetup([], away)
    for (const path of ['manifest', FILE, 'download']) {
      const response = await get(path)
      expect([path, response.status, response.headers.get('retry-after')]).toEqual([path, 503, '5'])
    }
  })
})

/** A file whose row groups have a row each. */
async function putFileOfGroups(key: string, ids: readonly string[]): Promise<void> {
  const pieces: Uint8Array[] = []
  const writer = createLakeWriter({ onBytes: (bytes) => void pieces.push(bytes) })
  for (const [index, id] of ids.entries()) writer.write(batchOfRows([rowAt(id, index)]))
  writer.finish()
  await env.LAKE.put(key, joinBytes(pieces))
}
