/** A table's file as text: a file, a gzip file by its extension, or standard input, within a bound. */

import type { Readable } from 'node:stream'
import { openInput } from '../import/source.ts'

/** Largest file in bytes, decompressed: pretty-printed JSON is several times as long as the table it holds. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024

/** Outcome of {@link readTableFile}. */
export type FileResult = { ok: true; name: string; text: string } | { ok: false; message: string }

/**
 * Reads it whole. A byte order mark is left out; bytes that are not UTF-8 are refused, because a table in another encoding
 * would put broken names onto events for as long as it is loaded.
 */
export async function readTableFile(path: string, stdin: Readable): Promise<FileResult> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    const file = await openInput(path, { stdin })
    for await (const chunk of file.read()) {
      bytes += chunk.byteLength
      if (bytes > MAX_FILE_BYTES) {
        file.cancel()
        return { ok: false, message: `cannot read ${path}: it is over ${MAX_FILE_BYTES} bytes` }
      }
      chunks.push(chunk)
    }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
    return { ok: true, name: file.name, text }
  } catch (error) {
    const why = explain(error as NodeJS.ErrnoException)
    return { ok: false, message: why.startsWith('cannot read') ? why : `cannot read ${path}: ${why}` }
  }
}

function explain(error: NodeJS.ErrnoException): string {
  if (error instanceof TypeError) return 'it is not UTF-8'
  return error.code === 'Z_DATA_ERROR' ? `it is not gzip, or damaged (${error.message})` : error.message
}
