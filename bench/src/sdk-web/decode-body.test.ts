import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { decodeRequest, parseText } from './decode-body.ts'

const EVENT = { i: 1, run: 'r', name: 'Söckchen' }
const JSON_TEXT = JSON.stringify(EVENT)
const BASE64 = Buffer.from(JSON_TEXT).toString('base64')

test.each([
  ['JSON', '/v1/batch', JSON_TEXT],
  ['gzip that the query tells', '/e/?compression=gzip-js', gzipSync(JSON_TEXT)],
  ['base64 alone', '/e/', BASE64],
])('decoding gives %s', (_what, path, body) => {
  expect(decodeRequest({ path, body: Buffer.from(body) })).toContainEqual(EVENT)
})

test('decoding gives gzip that the header tells', () => {
  const body = gzipSync(JSON_TEXT)
  expect(decodeRequest({ path: '/', encoding: 'gzip', body })).toEqual([EVENT])
})

test('decoding gives the lines of newline-delimited JSON', () => {
  const body = Buffer.from(`{"i":1}\n{"i":2}\n`)
  expect(decodeRequest({ path: '/', body })).toEqual([expect.anything(), { i: 1 }, { i: 2 }])
})

test('decoding gives the fields of a form and of the query', () => {
  const body = Buffer.from(`data=${encodeURIComponent(BASE64)}`)
  expect(decodeRequest({ path: '/track?eid=e1', body })).toEqual([{ eid: 'e1', data: BASE64 }])
})

test.each([
  ['nothing', Buffer.alloc(0)],
  ['gzip that is cut off', gzipSync(JSON_TEXT).subarray(0, 15)],
  ['JSON that is cut off', Buffer.from(JSON_TEXT.slice(0, 8))],
])('decoding finds no object in %s', (_what, body) => {
  expect(
    decodeRequest({ path: '/', body }).filter((root) => Object.keys(root as object).includes('i')),
  ).toEqual([])
})

test.each([
  [JSON_TEXT, EVENT],
  [Buffer.from(JSON_TEXT).toString('base64url'), EVENT],
  [Buffer.from(`[${JSON_TEXT}]`).toString('base64'), [EVENT]],
  ['eyes', undefined],
  ['{curly}', undefined],
])('parsing %s', (text, value) => {
  expect(parseText(text)).toEqual(value)
})
