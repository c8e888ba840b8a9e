/** Reads a request's body with a cap on its bytes, before and while inflating, and gives its text. */

import type { ErrorCode } from '@millrace/schemas/wire'

/** Outcome of {@link readBody}. */
export type BodyResult =
  | { ok: true; text: string }
  | { ok: false; status: 400 | 413 | 415; code: ErrorCode; message: string }

/**
 * The body as text, inflated when `Content-Encoding` is gzip or deflate, or absent and the body begins as gzip does: a
 * page of another origin could not say so without a preflight. Stops at the first byte over `maxBytes`, of
 * the body as sent or as inflated, so that neither a long body nor a gzip bomb is ever held whole. Bytes that are not
 * UTF-8 become U+FFFD: one broken character must not cost the batch.
 */
export async function readBody(request: Request, maxBytes: number): Promise<BodyResult> {
  const encoding = (request.headers.get('content-encoding') ?? 'identity').trim().toLowerCase()
  if (encoding !== 'identity' && encoding !== 'gzip' && encoding !== 'deflate' && encoding !== '') {
    return {
      ok: false,
      status: 415,
      code: 'unsupported_encoding',
      message: `Content-Encoding must be gzip, deflate or absent, got "${encoding.slice(0, 40)}"`,
    }
  }
  const tooLarge = {
    ok: false,
    status: 413,
    code: 'body_too_large',
    message: `a body may be at most ${maxBytes} bytes, before and after decompression`,
  } as const
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > maxBytes) return tooLarge
  if (request.body === null) return { ok: true, text: '' }

  const isPlain = encoding === 'identity' || encoding === ''
  const bytes = isPlain ? await readPlain(request, declared, maxBytes) : request.body
  if (bytes === undefined) return CUT_SHORT
  if (bytes === 'too_large') return tooLarge
  if (bytes instanceof Uint8Array && !isGzip(bytes))
    return { ok: true, text: new TextDecoder().decode(bytes) }
  const refused = refuseInflating(
    isPlain
      ? 'the body begins as gzip does, but is broken or cut short'
      : `the body is not ${encoding}, as its Content-Encoding says, or is broken or cut short`,
  )
  return inflate(bytes, isPlain ? 'gzip' : encoding, maxBytes, { tooLarge, refused })
}

/** The body as it came, `undefined` when it was cut short. */
async function readPlain(
  request: Request,
  declared: number,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | 'too_large' | undefined> {
  try {
    // The length that was declared is the length that arrives, so the platform's own reader, which is faster, is safe.
    if (declared > 0) return new Uint8Array(await request.arrayBuffer())
    return request.body === null
      ? new Uint8Array()
      : ((await readCapped(request.body, maxBytes)) ?? 'too_large')
  } catch {
    return undefined
  }
}

async function inflate(
  input: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  encoding: 'gzip' | 'deflate',
  maxBytes: number,
  { tooLarge, refused }: Record<'tooLarge' | 'refused', BodyResult>,
): Promise<BodyResult> {
  const stream = input instanceof Uint8Array ? new Blob([input]).stream() : input
  try {
    // Whose types it has depends on who compiles this: the platform's, or Node's where a test runs the collector in one process.
    const inflater: ReadableWritablePair<Uint8Array, Uint8Array> = new DecompressionStream(encoding) as never
    const bytes = await readCapped((stream as ReadableStream<Uint8Array>).pipeThrough(inflater), maxBytes)
    return bytes === undefined ? tooLarge : { ok: true, text: new TextDecoder().decode(bytes) }
  } catch {
    // Mostly because its bytes are not what they seem; what the platform threw tells no more.
    return refused
  }
}

/** Source: RFC 1952, section 2.3.1; no JSON begins with that byte. */
function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/** A body that is not compressed fails only when the client goes away. */
const CUT_SHORT: BodyResult = {
  ok: false,
  status: 400,
  code: 'invalid_encoding',
  message: 'the body ended before all of it had arrived',
}

function refuseInflating(message: string): BodyResult {
  return { ok: false, status: 400, code: 'invalid_encoding', message }
}

/** All bytes of a stream, or `undefined` once they are more than `maxBytes`; the rest is then not read. */
async function readCapped(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return concat(chunks, bytes)
    bytes += value.byteLength
    if (bytes > maxBytes) {
      // Nobody waits for the rest, and a cancel that fails leaves nothing behind.
      reader.cancel().catch(() => {})
      return undefined
    }
    chunks.push(value)
  }
}

function concat(chunks: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const [only] = chunks
  // A request's chunks are never shared between threads.
  if (only !== undefined && chunks.length === 1) return only as Uint8Array<ArrayBuffer>
  const whole = new Uint8Array(bytes)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.byteLength
  }
  return whole
}
