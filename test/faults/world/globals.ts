/**
 * Time and chance as the platform gives them, replaced while a world runs: what production code takes from `globalThis` is of
 * the world too. What is asynchronous outside the loop (digests, compression) is done at once, so that no thread decides an order.
 */

import { createHash } from 'node:crypto'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'
import { zstdCompressSync, zstdDecompressSync } from './stored-zstd.ts'

/** What the replaced globals do. */
export interface GlobalEffects {
  schedule: Schedule
  random: Random
  /** How far `Date.now` is ahead of true time: it is the clock of servers. Clients have one of their own. */
  skewMs: () => number
  /** Requests of production code that takes the global `fetch`. */
  fetch: typeof fetch
  /** Lines of `console.log`, which is where a Worker's log goes. */
  log: (line: string) => void
}

/** Replaces them, and gives what puts them back. */
export function replaceGlobals({ schedule, random, skewMs, fetch, log }: GlobalEffects): () => void {
  const undo: (() => void)[] = []
  const replace = (target: object, name: string, value: unknown) => {
    const before = Object.getOwnPropertyDescriptor(target, name)
    Object.defineProperty(target, name, { value, configurable: true, writable: true })
    undo.push(() => {
      if (before === undefined) delete (target as Record<string, unknown>)[name]
      else Object.defineProperty(target, name, before)
    })
  }
  replace(Date, 'now', () => schedule.now() + skewMs())
  replace(Math, 'random', () => random.next())
  replace(console, 'log', (line: unknown) => log(String(line)))
  replace(globalThis, 'fetch', fetch)
  for (const [name, value] of Object.entries(timersOf(schedule))) replace(globalThis, name, value)
  replace(AbortSignal, 'timeout', (ms: number) => abortAfter(schedule, ms))
  for (const [name, value] of Object.entries(cryptoOf(random))) replace(globalThis.crypto, name, value)
  replace(globalThis.crypto.subtle, 'digest', digest)
  replace(globalThis, 'WebSocketRequestResponsePair', class {})
  replace(globalThis, 'CompressionStream', createZipStream('compress'))
  replace(globalThis, 'DecompressionStream', createZipStream('decompress'))
  replace(globalThis, 'Blob', BlobAtOnce)
  // Pages of the lake are stored: half the time of a world otherwise goes into frames of a few bytes.
  const zlib = createRequire(import.meta.url)('node:zlib') as object
  replace(zlib, 'zstdCompressSync', zstdCompressSync)
  replace(zlib, 'zstdDecompressSync', zstdDecompressSync)
  syncBuiltinESMExports()
  return () => {
    for (const act of undo.reverse()) act()
    syncBuiltinESMExports()
  }
}

/** As Node has them: a handle has `unref`, and clearing what is over does nothing. */
function timersOf(schedule: Schedule) {
  const start = (run: () => void, ms: number | undefined) => {
    const handle = schedule.setTimeout(run, ms ?? 0) as { unref?: () => unknown; ref?: () => unknown }
    handle.unref = () => handle
    handle.ref = () => handle
    return handle
  }
  const clear = (handle: unknown) => {
    if (typeof handle === 'object' && handle !== null && 'run' in handle)
      schedule.clearTimeout(handle as never)
  }
  return {
    setTimeout: (run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
      start(() => run(...args), ms),
    clearTimeout: clear,
    setInterval(run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) {
      const repeat = {
        run: undefined as unknown,
        handle: undefined as unknown,
        unref: () => repeat,
        ref: () => repeat,
      }
      const next = () => {
        repeat.handle = start(() => {
          run(...args)
          if (repeat.handle !== undefined) next()
        }, ms)
      }
      next()
      return repeat
    },
    clearInterval(repeat: { handle?: unknown } | undefined) {
      if (repeat === undefined || repeat === null) return
      clear(repeat.handle)
      repeat.handle = undefined
    },
  }
}

function abortAfter(schedule: Schedule, ms: number): AbortSignal {
  const controller = new AbortController()
  schedule.setTimeout(() => controller.abort(new DOMException('The operation timed out', 'TimeoutError')), ms)
  return controller.signal
}

function cryptoOf(random: Random) {
  return {
    getRandomValues<T extends ArrayBufferView>(into: T): T {
      const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength)
      for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(random.next() * 256)
      return into
    },
    randomUUID() {
      const hex = random.hex(30)
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-8${hex.slice(15, 18)}-${hex.slice(18, 30)}`
    },
  }
}

async function digest(algorithm: string | { name: string }, data: ArrayBuffer | ArrayBufferView) {
  const name = typeof algorithm === 'string' ? algorithm : algorithm.name
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
  const hash = createHash(name.replace('-', '').toLowerCase()).update(bytes).digest()
  return hash.buffer.slice(hash.byteOffset, hash.byteOffset + hash.byteLength)
}

/** A Blob whose content comes at once; that of the platform is read by a thread. */
class BlobAtOnce extends Blob {
  readonly #bytes: Uint8Array<ArrayBuffer>

  constructor(parts: readonly (string | ArrayBuffer | ArrayBufferView)[], options?: BlobPropertyBag) {
    super([], options)
    this.#bytes = new Uint8Array(Buffer.concat(parts.map(bytesOf)))
  }

  override get size() {
    return this.#bytes.byteLength
  }

  override stream() {
    return new Response(this.#bytes).body as ReadableStream<Uint8Array<ArrayBuffer>>
  }

  override async arrayBuffer() {
    return this.#bytes.slice().buffer
  }

  override async bytes() {
    return this.#bytes.slice()
  }

  override async text() {
    return new TextDecoder().decode(this.#bytes)
  }

  override slice(): never {
    throw new Error('nothing here takes a part of a Blob')
  }
}

function bytesOf(part: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof part === 'string') return Buffer.from(part)
  if (part instanceof ArrayBuffer) return new Uint8Array(part)
  if (ArrayBuffer.isView(part)) return new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
  throw new TypeError('a Blob of Blobs is read by a thread')
}

const ZIPPERS = {
  compress: { gzip: gzipSync, deflate: deflateSync, 'deflate-raw': deflateRawSync },
  decompress: { gzip: gunzipSync, deflate: inflateSync, 'deflate-raw': inflateRawSync },
}

/** A stream that gives all at its end, by the synchronous functions of `node:zlib`. */
function createZipStream(direction: keyof typeof ZIPPERS) {
  return class extends TransformStream<Uint8Array, Uint8Array> {
    constructor(format: keyof (typeof ZIPPERS)['compress']) {
      const chunks: Uint8Array[] = []
      super({
        transform: (chunk) => void chunks.push(chunk),
        flush: (controller) =>
          controller.enqueue(new Uint8Array(ZIPPERS[direction][format](Buffer.concat(chunks)))),
      })
    }
  }
}
