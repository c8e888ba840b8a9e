/** A log as a stream of bytes: a file, a gzip file by its extension, or standard input. Knows nothing of lines. */

import { createReadStream, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** A log that is being read. */
export interface LogSource {
  /** File name without its folder, or `standard input`. */
  name: string
  /** Size on disk in bytes; absent when it cannot be known. */
  totalBytes: number | undefined
  /** Bytes read so far, as they lie on disk: compressed ones for a gzip file. */
  bytesRead(): number
  /** The uncompressed content. Rejects when the file cannot be read, or a gzip file is cut off or damaged. */
  chunks: AsyncIterable<Uint8Array>
  /** Ends the stream early; whoever is reading gets an error. */
  cancel(): void
}

/**
 * Opens a log: `-` is standard input, a name that ends in `.gz` is decompressed on the way.
 *
 * @throws Error with a plain message when the file does not exist, is a folder, or its metadata cannot be read.
 */
export async function openLog(path: string, { stdin }: { stdin: Readable }): Promise<LogSource> {
  if (path === '-') return openStdin(stdin)
  const { size } = await statFile(path)
  const file = createReadStream(path)
  const content = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  // A pipe passes on the end but not an error, without which the reader would wait for ever.
  file.on('error', (error) => content.destroy(error))
  return {
    name: basename(path),
    totalBytes: size,
    bytesRead: () => file.bytesRead,
    chunks: content,
    cancel() {
      file.destroy()
      content.destroy()
    },
  }
}

function openStdin(stdin: Readable): LogSource {
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
    bytesRead: () => bytesRead,
    chunks: countBytes(),
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
