/** The file that malformed records are written to, one JSON object a line, to be mended and imported again. */

import { type FileHandle, open } from 'node:fs/promises'
import type { ImportRecord, Malformed } from './format.ts'

/** A rejects file that is open. */
export interface Rejects {
  /** Keeps a record until the next `flush`. */
  add(record: ImportRecord, why: Malformed): void
  /** Length of the file with all that was added. */
  bytes(): number
  /** Writes what was added. */
  flush(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens it: empty, or cut to the `keepBytes` that an earlier run had settled.
 *
 * A line is `{ line, reason, detail?, text }`; in `text` bytes that are not UTF-8 are replaced, and a record of more than 128
 * KiB is cut.
 */
export async function openRejects(path: string, keepBytes: number): Promise<Rejects> {
  const file = await open(path, keepBytes > 0 ? 'a+' : 'w')
  if (keepBytes > 0) await cutTo(file, keepBytes)
  let length = (await file.stat()).size
  let waiting: string[] = []
  let writing: Promise<unknown> = Promise.resolve()

  function flush(): Promise<void> {
    const text = waiting.join('')
    waiting = []
    if (text !== '') writing = writing.then(() => file.appendFile(text))
    return writing.then(() => {})
  }

  return {
    add({ line, bytes }, { reason, detail }) {
      const text = `${JSON.stringify({ line, reason, detail, text: bytes.toString('utf8') })}\n`
      length += Buffer.byteLength(text)
      waiting.push(text)
    },
    bytes: () => length,
    flush,
    async close() {
      await flush().finally(() => file.close())
    },
  }
}

/** A file that is shorter than that was touched by somebody; it is not made longer. */
async function cutTo(file: FileHandle, bytes: number): Promise<void> {
  const { size } = await file.stat()
  if (size > bytes) await file.truncate(bytes)
}
