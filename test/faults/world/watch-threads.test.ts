import { promisify } from 'node:util'
import { gunzip, gunzipSync, gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { findThreads } from './watch-threads.ts'

const ZIPPED = gzipSync('x')

it.each<[string, () => Promise<unknown>, string[]]>([
  ['a Blob', () => new Blob(['x']).text(), ['BLOBREADER']],
  ['zlib with a callback', () => promisify(gunzip)(ZIPPED), ['ZLIB']],
  ['a digest', () => crypto.subtle.digest('SHA-256', ZIPPED), ['HASHREQUEST']],
  ['zlib at once', async () => gunzipSync(ZIPPED), []],
  ['a turn of the loop', () => new Promise((resolve) => setImmediate(resolve)), []],
])('the kind of %s is found', async (_, run, kinds) => {
  const found = await findThreads(run)
  expect(found.map((text) => /^\w+/.exec(text)?.[0])).toEqual(kinds)
})
