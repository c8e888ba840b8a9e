/** Writes answers as ClickHouse does: headers, held-back beginning, back-pressure, compression, errors at any moment. */

import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Transform, Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import {
  createBrotliCompress,
  createDeflate,
  createGzip,
  createZstdCompress,
  constants as zlib,
} from 'node:zlib'
import type { Chunk } from './engine.ts'
import { type ClickHouseException, formatException, parseException, statusOf } from './errors.ts'
import type { Answer, Counts } from './execute.ts'
import type { Encoding } from './request.ts'

/** What {@link sendAnswer} needs to know besides the answer. */
export interface SendOptions {
  readonly encoding: Encoding | undefined
  /** Goes into the text of errors. */
  readonly version: string
  /** Tells that the client has closed the connection. */
  readonly gone: AbortSignal
  /** When the request began, in nanoseconds of `process.hrtime.bigint()`. */
  readonly startedAt: bigint
}

/** As ClickHouse's output buffer: a query that fails before it made this much gets a proper status. */
const HELD_BACK_BYTES = 1_048_576

// Source: ClickHouse src/Server/HTTP/HTTP1/HTTP1ServerResponse.{h,cpp}: EXCEPTION_MARKER, EXCEPTION_TAG_LENGTH and
// MAX_EXCEPTION_SIZE, of which 256 bytes are more than enough for what surrounds the message.
const EXCEPTION_MARKER = '__exception__'
const EXCEPTION_TAG_LENGTH = 16
const MAX_EXCEPTION_BYTES = 16_384 - 256

/** Time for a reader on the same machine to empty the socket. */
const CATCH_UP_MS = 20

const ENCODERS: Readonly<Record<Encoding, () => Transform>> = {
  gzip: () => createGzip({ level: zlib.Z_BEST_SPEED }),
  deflate: () => createDeflate({ level: zlib.Z_BEST_SPEED }),
  br: () => createBrotliCompress({ params: { [zlib.BROTLI_PARAM_QUALITY]: zlib.BROTLI_MIN_QUALITY } }),
  zstd: createZstdCompress,
}

/**
 * Sends an answer. The first mebibyte is held back; after it, rows go out at the client's pace. A failure after that
 * appends ClickHouse's exception block to the body and breaks the transfer off, so that neither a client that knows the
 * block nor one that does not takes the result for complete.
 *
 * @throws ClickHouseException while nothing has been sent; nothing once something has.
 */
export async function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  options: SendOptions,
): Promise<void> {
  const chunks = answer.chunks[Symbol.asyncIterator]()
  const held = await holdBack(chunks)
  const tag = createExceptionTag()
  const { encoding, gone } = options

  response.statusCode = 200
  response.setHeader('Content-Type', answer.format?.contentType ?? 'text/plain; charset=UTF-8')
  if (answer.format !== undefined) response.setHeader('X-ClickHouse-Format', answer.format.name)
  response.setHeader('X-ClickHouse-Exception-Tag', tag)
  response.setHeader('X-ClickHouse-Summary', buildSummary(answer.counts ?? held.counts, options.startedAt))
  if (encoding === undefined && held.isWhole) {
    response.end(held.bytes)
    return
  }

  const encoder = encoding === undefined ? undefined : ENCODERS[encoding]()
  if (encoding !== undefined) response.setHeader('Content-Encoding', encoding)
  encoder?.pipe(response, { end: false })
  try {
    const exception = await pump(held, chunks, encoder ?? response, gone)
    if (exception !== undefined) {
      await letReaderCatchUp(response)
      await write(encoder ?? response, buildExceptionBlock(exception, options.version, tag), gone)
    }
    if (encoder !== undefined) {
      const ended = once(encoder, 'end', { signal: gone })
      encoder.end()
      await ended
    }
    if (exception === undefined) response.end()
    else response.socket?.destroySoon()
  } catch (error) {
    // The client went away; its query ends with the iteration.
    if (!gone.aborted) throw error
    encoder?.destroy()
  }
}

/**
 * Waits until all bytes have left this process, and a moment more for the reader to take them. The official client finds
 * the exception block only when one read brings the whole of it, so it must not share a read with the rows before it.
 */
async function letReaderCatchUp(response: ServerResponse): Promise<void> {
  do await setTimeout(CATCH_UP_MS)
  while ((response.socket?.writableLength ?? 0) > 0)
}

/** Tells when the client goes away before it has the whole answer. */
export function watchClient(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) controller.abort()
  })
  return controller.signal
}

/** Sends an error for which nothing has been sent yet: status, code and text. */
export function sendException(
  response: ServerResponse,
  exception: ClickHouseException,
  version: string,
): void {
  response.statusCode = statusOf(exception)
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8')
  response.setHeader('X-ClickHouse-Exception-Code', String(exception.code))
  response.end(`${formatException(exception, version)}\n`)
}

/**
 * The block that ends a broken result: `\r\n__exception__\r\n<tag>\r\n<message>\n<length> <tag>\r\n__exception__\r\n`,
 * where the length counts the message with its line end, in bytes. The tag is in the header `X-ClickHouse-Exception-Tag`.
 */
export function buildExceptionBlock(exception: ClickHouseException, version: string, tag: string): Buffer {
  const text = Buffer.from(formatException(exception, version)).subarray(0, MAX_EXCEPTION_BYTES)
  const marker = `${EXCEPTION_MARKER}\r\n`
  return Buffer.concat([
    Buffer.from(`\r\n${marker}${tag}\r\n`),
    text,
    Buffer.from(`\n${text.length + 1} ${tag}\r\n${marker}`),
  ])
}

interface HeldBack {
  readonly bytes: Buffer
  /** Nothing follows. */
  readonly isWhole: boolean
  readonly counts: Counts
}

async function holdBack(chunks: AsyncIterator<Chunk>): Promise<HeldBack> {
  const held: Uint8Array[] = []
  let length = 0
  let resultRows = 0
  let isWhole = false
  while (length < HELD_BACK_BYTES && !isWhole) {
    const next = await chunks.next()
    isWhole = next.done === true
    if (next.done !== true) {
      held.push(next.value.bytes)
      length += next.value.bytes.length
      resultRows += next.value.rowCount
    }
  }
  const counts = { writtenRows: 0, writtenBytes: 0, resultRows: isWhole ? resultRows : 0, resultBytes: 0 }
  return { bytes: Buffer.concat(held, length), isWhole, counts }
}

/** Writes everything; returns the exception that cut the result short. */
async function pump(
  held: HeldBack,
  chunks: AsyncIterator<Chunk>,
  out: Writable,
  gone: AbortSignal,
): Promise<ClickHouseException | undefined> {
  await write(out, held.bytes, gone)
  for (;;) {
    let next: IteratorResult<Chunk>
    try {
      next = await chunks.next()
    } catch (error) {
      return parseException(error)
    }
    if (next.done === true) return undefined
    await write(out, next.value.bytes, gone)
  }
}

/** Resolves when `out` wants more; rejects when the client is gone. */
async function write(out: Writable, bytes: Uint8Array, gone: AbortSignal): Promise<void> {
  gone.throwIfAborted()
  if (!out.write(bytes)) await once(out, 'drain', { signal: gone })
}

function createExceptionTag(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz'
  return Array.from({ length: EXCEPTION_TAG_LENGTH }, () => letters[randomInt(letters.length)]).join('')
}

/** Values are strings, as in ClickHouse. What the engine does not tell (rows read) is 0. */
function buildSummary(counts: Counts, startedAt: bigint): string {
  return JSON.stringify({
    read_rows: String(counts.writtenRows),
    read_bytes: String(counts.writtenBytes),
    written_rows: String(counts.writtenRows),
    written_bytes: String(counts.writtenBytes),
    total_rows_to_read: '0',
    result_rows: String(counts.resultRows),
    result_bytes: String(counts.resultBytes),
    elapsed_ns: String(process.hrtime.bigint() - startedAt),
  })
}
