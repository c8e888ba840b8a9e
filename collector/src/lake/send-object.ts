/** Answers with an object of the bucket: whole or a range of it, and only if the request's conditions hold. */

import type { Context } from 'hono'
import { refusal, refuse } from '../refuse.ts'
import { type ByteRange, hasContent, type LakeBucket, type StoredObject } from './bucket.ts'
import { parseRangeHeader, settleRange } from './range-header.ts'

/** What scripts of other origins may read of an answer beside its body. */
const EXPOSED = 'Accept-Ranges, Content-Range, Content-Length, ETag, Retry-After'

/**
 * The answer to a GET or HEAD, or `undefined` when there is no such object. Honours `Range` (one range), `If-Range`,
 * `If-Match`, `If-None-Match` and their dates.
 *
 * @throws what the bucket throws
 */
export async function sendObject(
  c: Context,
  bucket: LakeBucket,
  key: string,
  contentType: string,
): Promise<Response | undefined> {
  const { headers, method } = c.req.raw
  if (method === 'HEAD') return sendHead(c, bucket, key, contentType)
  const range = await readRange(bucket, key, headers)
  const object = await getObject(bucket, key, conditionsOf(headers), range)
  if (object === null) return undefined
  if ('unsatisfiable' in object) {
    c.header('Content-Range', `bytes */${object.unsatisfiable}`)
    const message = `the file has ${object.unsatisfiable} bytes, and none of those asked for`
    return refuse(c, refusal(416, 'range_not_satisfiable', message))
  }
  describe(c, object)
  if (!hasContent(object)) return answerUnmet(c, headers, object)
  const part = range === undefined ? undefined : settleRange(range, object.size)
  c.header('Content-Type', contentType)
  c.header('Content-Length', String(part === undefined ? object.size : part.last - part.first + 1))
  if (part === undefined) return c.body(object.body)
  c.header('Content-Range', `bytes ${part.first}-${part.last}/${object.size}`)
  return c.body(object.body, 206)
}

/** What a GET would be answered with, without reading the object; dates in conditions are passed over. */
async function sendHead(
  c: Context,
  bucket: LakeBucket,
  key: string,
  contentType: string,
): Promise<Response | undefined> {
  const { headers } = c.req.raw
  const object = await bucket.head(key)
  if (object === null) return undefined
  describe(c, object)
  const [wanted, known] = [headers.get('if-match'), headers.get('if-none-match')]
  if (wanted !== null && !listsEtag(wanted, object.httpEtag)) return answerUnmet(c, headers, object)
  if (known !== null && listsEtag(known, object.httpEtag)) return c.body(null, 304)
  c.header('Content-Type', contentType)
  c.header('Content-Length', String(object.size))
  return c.body(null)
}

/** `If-Range`: the range only of the version that the client has begun to read, else the file whole. */
async function readRange(bucket: LakeBucket, key: string, headers: Headers): Promise<ByteRange | undefined> {
  const range = parseRangeHeader(headers.get('range'))
  const version = headers.get('if-range')
  if (range === undefined || version === null) return range
  const object = await bucket.head(key)
  return object?.httpEtag === version ? range : undefined
}

/** The conditions alone: what else a request has is none of the bucket's business. */
function conditionsOf(headers: Headers): Headers {
  const names = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']
  const given = names.flatMap((name): [string, string][] => {
    const value = headers.get(name)
    return value === null ? [] : [[name, value]]
  })
  return new Headers(given)
}

async function getObject(
  bucket: LakeBucket,
  key: string,
  onlyIf: Headers,
  range: ByteRange | undefined,
): Promise<Awaited<ReturnType<LakeBucket['get']>> | { unsatisfiable: number }> {
  if (range === undefined) return bucket.get(key, { onlyIf })
  try {
    return await bucket.get(key, { onlyIf, range })
  } catch (error) {
    // The bucket says that it has no such bytes as it says that it is away; the size tells them apart.
    const object = await bucket.head(key)
    if (object === null || settleRange(range, object.size) !== undefined) throw error
    return { unsatisfiable: object.size }
  }
}

function describe(c: Context, { httpEtag, uploaded }: StoredObject): void {
  c.header('ETag', httpEtag)
  c.header('Last-Modified', uploaded.toUTCString())
  c.header('Accept-Ranges', 'bytes')
  c.header('Cache-Control', 'private, no-cache')
  c.header('Access-Control-Expose-Headers', EXPOSED)
}

/** A reader that has this version already gets 304; one that wants another version gets 412. */
function answerUnmet(c: Context, headers: Headers, { httpEtag }: StoredObject): Response {
  const wanted = headers.get('if-match')
  const isOther = wanted === null ? headers.has('if-unmodified-since') : !listsEtag(wanted, httpEtag)
  if (!isOther) return c.body(null, 304)
  return refuse(c, refusal(412, 'precondition_failed', 'the file has another version by now'))
}

function listsEtag(list: string, etag: string): boolean {
  const tags = list.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(etag)
}
