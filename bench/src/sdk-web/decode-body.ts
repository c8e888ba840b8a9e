/** Reads a request body as browser SDKs send it: compressed or not, JSON or a form, plain or base64. */

import { gunzipSync, inflateSync } from 'node:zlib'

/** What of a request says how its body is to be read. */
export interface RawRequest {
  /** Path with query. */
  path: string
  /** `Content-Encoding`, if any. */
  encoding?: string | undefined
  body: Uint8Array
}

/**
 * What came with a request: the body's JSON, or else the fields of query and form as one object, still text, and the
 * lines of the body that are JSON or base64 of it.
 *
 * @returns never throws; what cannot be read is left out
 */
export function decodeRequest({ path, encoding, body }: RawRequest): unknown[] {
  const { searchParams } = new URL(path, 'http://recorder')
  const text = inflate(body, encoding).toString('utf8')
  const json = parseJson(text)
  if (json !== undefined) return [json]
  const fields = Object.fromEntries([...searchParams, ...new URLSearchParams(text)])
  const lines = text.split('\n').map(parseText)
  return [fields, ...lines.filter((line) => line !== undefined)]
}

/**
 * Parses text that is a JSON object or array, or base64 (of URLs too) of one.
 *
 * @returns undefined when it is neither
 */
export function parseText(text: string): unknown {
  const json = parseJson(text)
  // `ey` begins base64 of `{"`, `W3si` that of `[{"`.
  if (json !== undefined || !/^(ey|W3si)/.test(text)) return json
  return parseJson(Buffer.from(text, 'base64').toString('utf8'))
}

function parseJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    // Cut off, or only looks like JSON.
    return undefined
  }
}

/** By magic bytes rather than by header: SDKs that avoid a preflight say so in the query or nowhere. */
function inflate(body: Uint8Array, encoding: string | undefined): Buffer {
  const isGzip = body[0] === 0x1f && body[1] === 0x8b
  try {
    if (isGzip) return gunzipSync(body)
    if (encoding === 'deflate') return inflateSync(body)
  } catch {
    // Cut off on its way: there is nothing to be read.
    return Buffer.alloc(0)
  }
  return Buffer.from(body)
}
