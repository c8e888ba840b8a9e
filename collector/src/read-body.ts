/** Reads a request's body with a cap on its bytes, before and while inflating, and gives its text. */

import type { ErrorCode } from '@millrace/schemas/wire'

/** Outcome of {@link readBody}. */
export type BodyResult =
  | { ok: true; text: string }
  | { ok: false; status: 400 | 413 | 415; code: ErrorCode; message: string }

/**
 * The body as text, inflated when `Content-Encoding` is gzip or deflate. Stops at the first byte over `maxBytes`, of
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
  // The length that was declared is the length that arrives, so the platform's own reader, which is faster, is safe.
  if (isPlain && declared > 0) return readPlain(request)
  const stream = isPlain ? request.body : request.body.pipeThrough(new DecompressionStream(encoding))
  try {
    const bytes = await readCapped(stream, maxBytes)
    return bytes === undefined ? tooLarge : { ok: true, text: new TextDecoder().decode(bytes) }
  } catch {
    return isPlain ? CUT_SHORT : refuseInflating(encoding)
  }
}

async function readPlain(request: Request): Promise<BodyResult> {
  try {
    return { ok: true, text: await request.text() }
  } catch {
    return CUT_SHORT
  }
}

/** A body that is not compressed fails only when the client goes away. */
const CUT_SHORT: BodyResult = {
  ok: false,
  status: 400,
  code: 'invalid_encoding',
  message: 'the body ended before all of it had arrived',
}

/** A compressed one mostly because its bytes are not what the header says; what the platform threw tells no more. */
function refuseInflating(encoding: string): BodyResult {
  const message = `the body is not ${encoding}, as its Content-Encoding says, or is broken or cut short`
  return { ok: false, status: 400, code: 'invalid_encoding', message }
}

/** All bytes of a stream, or `undefined` once they are more than `maxBytes`; the rest is then not read. */
async function readCapped(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
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

function concat(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const [only] = chunks
  if (only !== undefined && chunks.length === 1) return only
  const whole = new Uint8Array(bytes)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.byteLength
  }
  return whole
}
