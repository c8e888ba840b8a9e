/** A file as a stream of bytes: a plain file, a gzip file by its extension, or standard input. Knows nothing of lines. */

import { createReadStream, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** A file that is to be read. */
export interface InputSource {
  /** File name without its folder, or `standard input`. */
  name: string
  /** Size on disk in bytes; absent when it cannot be known. */
  totalBytes: number | undefined
  /** Whether reading may begin in the middle, and more than once. */
  isSeekable: boolean
  /** Bytes read so far, as they lie on disk: compressed ones for a gzip file. What was passed over at the start counts. */
  bytesRead(): number
  /**
   * The uncompressed content, from a byte on that is 0 unless `isSeekable`. Rejects when the file cannot be read, or a gzip
   * file is cut off or damaged.
   */
  read(fromByte?: number): AsyncIterable<Uint8Array>
  /** Ends the stream early; whoever is reading gets an error, also one that begins later. */
  cancel(): void
}

/**
 * Looks for a file: `-` is standard input, a name that ends in `.gz` is decompressed on the way.
 *
 * @throws Error with a plain message when the file does not exist, is a folder, or its metadata cannot be read.
 */
export async function openInput(path: string, { stdin }: { stdin: Readable }): Promise<InputSource> {
  if (path === '-') return openStdin(stdin)
  const { size } = await statFile(path)
  const isCompressed = path.endsWith('.gz')
  let current: { bytesRead: () => number; destroy: () => void } | undefined
  let isCancelled = false
  return {
    name: basename(path),
    totalBytes: size,
    isSeekable: !isCompressed,
    bytesRead: () => current?.bytesRead() ?? 0,
    read(fromByte = 0) {
      const file = createReadStream(path, { start: fromByte })
      const content = isCompressed ? file.pipe(createGunzip()) : file
      // A pipe passes on the end but not an error, without which the reader would wait for ever.
      file.on('error', (error) => content.destroy(error))
      const destroy = () => {
        file.destroy()
        content.destroy()
      }
      current = { bytesRead: () => fromByte + file.bytesRead, destroy }
      if (isCancelled) destroy()
      return content
    },
    cancel() {
      isCancelled = true
      current?.destroy()
    },
  }
}

function openStdin(stdin: Readable): InputSource {
  let bytesRead = 0
  async function* countBytes(): AsyncGenerator<Uint8Array> {
    for await (const chunk of stdin as AsyncIterable<Uint8Array>) {
      bytesRead += chunk.byteLength
      yield chunk
    }
  }
  return {
    name: 'standard input',
    totalBytes: undefined,
    isSeekable: false,
    bytesRead: () => bytesRead,
    read: countBytes,
    cancel: () => stdin.destroy(),
  }
}

async function statFile(path: string): Promise<Stats> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'there is no such file' : cause.message
    throw new Error(`cannot read ${path}: ${why}`, { cause })
  })
  if (found.isDirectory()) throw new Error(`cannot read ${path}: it is a folder`)
  return found
}
