/** Reads a request body piece by piece: decoded, bounded, and onto disk where it is data. */

import { open } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { ClickHouseException } from './errors.ts'
import type { Encoding } from './request.ts'

/** The beginning of a body, and what follows it. */
export interface SplitBody {
  readonly head: Buffer
  /** Continues after `head`; yields nothing when `isWhole`. To be read at most once. */
  readonly rest: AsyncIterable<Buffer>
  readonly isWhole: boolean
}

/** The client closed the connection in the middle of its body: nobody is left to answer. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError'

  constructor(options?: ErrorOptions) {
    super('the client closed the connection before its body ended', options)
  }
}

const DECODERS: Readonly<Record<Encoding, () => Transform>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
}

/**
 * The decoded bytes of a body as they arrive; a slow reader slows the client. Ending the iteration early leaves the
 * connection usable for the answer.
 *
 * @param maxBytes bound on the bytes sent and on the bytes decoded.
 * @throws ClickHouseException for a body over the bound (229) or one that is not in its encoding (271); ClientGoneError
 *   when the body ends before it is complete, so that half a body is never taken for a whole one.
 */
export async function* readBody(
  request: IncomingMessage,
  encoding: Encoding | undefined,
  maxBytes: number,
): AsyncGenerator<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const source = encoding === undefined ? request : decode(request, encoding)
  let received = 0
  try {
    for await (const chunk of source.iterator({ destroyOnReturn: false })) {
      received += chunk.length
      if (received > maxBytes) throw tooLarge(maxBytes)
      yield chunk
    }
  } catch (error) {
    if (error instanceof ClickHouseException || error instanceof ClientGoneError) throw error
    if (encoding === undefined) throw new ClientGoneError({ cause: error })
    const reason = error instanceof Error ? error.message : String(error)
    const message = `Cannot decompress the request body as ${encoding}: ${reason}`
    throw new ClickHouseException(271, 'CANNOT_DECOMPRESS', message, { cause: error })
  }
}

/** Reads until `headBytes` are there or the body has ended. */
export async function splitBody(body: AsyncIterator<Buffer>, headBytes: number): Promise<SplitBody> {
  const chunks: Buffer[] = []
  let length = 0
  let isWhole = false
  while (length < headBytes && !isWhole) {
    const next = await body.next()
    isWhole = next.done === true
    if (next.done !== true) {
      chunks.push(next.value)
      length += next.value.length
    }
  }
  return { head: Buffer.concat(chunks, length), rest: remainder(body), isWhole }
}

/** All of a split body in memory. */
export async function joinBody({ head, rest }: SplitBody): Promise<Buffer> {
  const chunks = [head]
  for await (const chunk of rest) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Writes pieces to a new file, whatever their total size in constant memory. */
export async function writePieces(
  path: string,
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(first)
    for await (const piece of rest) await file.writeFile(piece)
  } finally {
    await file.close()
  }
}

async function* remainder(body: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  for (let next = await body.next(); next.done !== true; next = await body.next()) yield next.value
}

function decode(request: IncomingMessage, encoding: Encoding): Transform {
  const decoder = DECODERS[encoding]()
  // Not `pipeline`: it would destroy the request, and with it the connection that the error is told on.
  request.on('error', (cause) => decoder.destroy(new ClientGoneError({ cause })))
  return request.pipe(decoder)
}

function tooLarge(maxBytes: number): ClickHouseException {
  return new ClickHouseException(229, 'QUERY_IS_TOO_LARGE', `Request body is larger than ${maxBytes} bytes`)
}
